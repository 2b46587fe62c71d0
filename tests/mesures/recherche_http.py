"""La recherche telle qu’on l’attend : par HTTP, en JSON et en page."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from importlib import import_module

import msgspec
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db import connection
from django.test import Client as ClientDjango
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from comptes.enums import Portee
from comptes.models import Compte, Jeton
from comptes.sessions import OUVERTE_LE, VUE_LE
from orientation import carnet
from orientation.suggestions import en_donnees
from orientation.views.resultats import CARTES_PAR_PAGE
from tests.mesures.agenda import regulateur
from tests.mesures.echantillon import MEDECINE_GENERALE, Recherche, jouer_sql, recherches, requete
from tests.mesures.lignes import Budget, Ligne, centile, duree_ms
from tests.mesures.recherche_sql import OFFRES
from tests.mesures.reglages import Reglages
from tests.mesures.serveur import HOTE, Client, collecter_les_statiques, fichiers_de_la_page, site

TOURS_DE_CHAUFFE = 2
POIDS_MAX_KO = 300
REQUETES_MAX = 12


def recherche_json(reglages: Reglages) -> Iterator[Ligne]:
    lot = recherches(reglages.recherches)
    corps = [corps_json(recherche) for recherche in lot]
    with site() as port:
        client = client_api(port)
        appels = [partial(client.post_json, "/api/v1/recherches/", un) for un in corps]
        yield from _comparer("recherche_json", lot, appels, par_page=OFFRES, ratio_max=2.0)


def recherche_html(reglages: Reglages) -> Iterator[Ligne]:
    lot = recherches(reglages.recherches)
    pages = pages_en_session(lot)
    with site() as port:
        client = Client(port)
        appels = [partial(client.get, page.chemin, Cookie=page.cookie) for page in pages]
        yield from _comparer("recherche_html", lot, appels, par_page=CARTES_PAR_PAGE, ratio_max=3.5)


def requetes_par_page(reglages: Reglages) -> Iterator[Ligne]:
    """Instructions SQL de la plus coûteuse des pages, session et rôles compris."""
    collecter_les_statiques()
    nombres = []
    for page in pages_en_session(recherches(carnet.GARDEES)):
        client = ClientDjango(headers={"cookie": page.cookie}, SERVER_NAME=HOTE)
        with CaptureQueriesContext(connection) as requetes:
            reponse = client.get(page.chemin)
        if reponse.status_code != 200:
            raise RuntimeError(f"page de résultats : HTTP {reponse.status_code}")
        nombres.append(len(requetes))
    yield Ligne(
        "requetes_par_page", max(nombres), "requêtes", n=len(nombres), budget=Budget(max=REQUETES_MAX)
    )


def poids_page_ko(reglages: Reglages) -> Iterator[Ligne]:
    """La page, ses feuilles de style et ses scripts, compressés ; la plus lourde de l’échantillon."""
    pages = pages_en_session(recherches(carnet.GARDEES))
    with site() as port:
        client = Client(port)
        htmls = [client.get(page.chemin, Cookie=page.cookie) for page in pages]
        lourde = max(htmls, key=_octets)
        fichiers = [client.get(chemin) for chemin in fichiers_de_la_page(lourde.decode())]
    total = _octets(lourde) + sum(map(_octets, fichiers))
    yield Ligne("poids_page_ko", total / 1000, "ko", n=1 + len(fichiers), budget=Budget(max=POIDS_MAX_KO))
    yield Ligne("poids_html_ko", _octets(lourde) / 1000, "ko", n=len(pages))


def corps_json(recherche: Recherche) -> bytes:
    return msgspec.json.encode(
        {"specialite": MEDECINE_GENERALE, "commune": recherche.commune, "par_page": OFFRES}
    )


def client_api(port: int) -> Client:
    """Muni d’un jeton neuf, valable un jour."""
    _, secret = Jeton.creer(
        compte=regulateur(), portees=[Portee.RECHERCHE], expire_le=timezone.now() + timedelta(days=1)
    )
    return Client(port, Authorization=f"Bearer {secret}")


class PageEnSession(msgspec.Struct, frozen=True):
    chemin: str
    cookie: str


def pages_en_session(lot: Sequence[Recherche]) -> list[PageEnSession]:
    """Une page de résultats par recherche, rangées comme l’écran le fait : dix au plus par session."""
    compte = regulateur()
    pages: list[PageEnSession] = []
    for debut in range(0, len(lot), carnet.GARDEES):
        session = _ouvrir_session(compte)
        jetons = [
            carnet.garder(
                session,
                carnet.Recherche(
                    quoi="Médecine générale",
                    lieu=en_donnees(recherche.lieu),
                    rayon_km=recherche.criteres.rayon_km,
                    specialite_ids=recherche.criteres.specialite_ids,
                ),
            )
            for recherche in lot[debut : debut + carnet.GARDEES]
        ]
        cookie = _cookie(session)
        pages += [
            PageEnSession(reverse("orientation:resultats", kwargs={"jeton": jeton}), cookie)
            for jeton in jetons
        ]
    return pages


def cookie_de_session(compte: Compte) -> str:
    """En-tête `Cookie` d’une session ouverte pour ce compte."""
    return _cookie(_ouvrir_session(compte))


def _cookie(session: SessionBase) -> str:
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def _ouvrir_session(compte: Compte) -> SessionBase:
    session: SessionBase = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(compte.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = compte.get_session_auth_hash()
    session[OUVERTE_LE] = session[VUE_LE] = timezone.now().isoformat()
    return session


def _comparer(
    nom: str,
    lot: Sequence[Recherche],
    appels: Sequence[Callable[[], object]],
    *,
    par_page: int,
    ratio_max: float,
) -> Iterator[Ligne]:
    """Chaque appel alterne avec l’instruction SQL des mêmes critères, tantôt avant, tantôt après elle."""
    maintenant = timezone.now()
    requetes = [requete(recherche.criteres, maintenant, par_page=par_page) for recherche in lot]
    par_http: list[float] = []
    en_sql: list[float] = []
    for tour in range(TOURS_DE_CHAUFFE + 1):
        if tour == TOURS_DE_CHAUFFE:
            par_http.clear()
            en_sql.clear()
        for rang, (appel, (sql, parametres)) in enumerate(zip(appels, requetes, strict=True)):
            paire: list[tuple[list[float], Callable[[], object]]] = [
                (en_sql, partial(jouer_sql, sql, parametres)),
                (par_http, appel),
            ]
            for durees, mesure in paire if rang % 2 else reversed(paire):
                durees.append(duree_ms(mesure))
    for rang in (50, 95):
        yield Ligne(
            f"{nom}_p{rang}",
            centile(par_http, rang),
            "ms",
            n=len(par_http),
            plancher=centile(en_sql, rang),
            budget=Budget(ratio_max=ratio_max if rang == 50 else None),
        )


def _octets(contenu: bytes) -> int:
    return len(gzip.compress(contenu, 6))
