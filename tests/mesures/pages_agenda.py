"""Les pages où l’on tient un agenda : leur temps, leurs requêtes, ce qu’une saisie met à se voir, un planning entier."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client as ClientDjango
from django.urls import reverse
from django.utils import timezone

from agenda.echanges.fichiers import LIGNES_MAX
from agenda.models import Disponibilite, ImportPlanning
from tests.mesures.cabinet import Cabinet, cabinet
from tests.mesures.echantillon import MEDECINE_GENERALE
from tests.mesures.lignes import Budget, Ligne, centile, duree_ms
from tests.mesures.recherche_http import REQUETES_MAX, client_api, cookie_de_session
from tests.mesures.reglages import Reglages
from tests.mesures.serveur import HOTE, Client, collecter_les_statiques, site

TOURS = 40
TOURS_DE_CHAUFFE = 10
Instruction = tuple[str, Any]


def page_agenda(reglages: Reglages) -> Iterator[Ligne]:
    """La semaine d’un lieu, chez un médecin à cinq lieux et quarante règles."""
    with cabinet(timezone.now()) as un:
        yield from _page("page_agenda", un, reverse("agenda:semaine", kwargs={"lieu_id": un.lieux[0].pk}))


def tableau_de_bord(reglages: Reglages) -> Iterator[Ligne]:
    """Ses cinq lieux, sur trois jours chacun."""
    with cabinet(timezone.now()) as un:
        yield from _page("tableau_de_bord", un, reverse("tableau:accueil"))


def saisie_visible_ms(reglages: Reglages) -> Iterator[Ligne]:
    """Du formulaire de l’agenda, envoyé par le navigateur, à la recherche qui montre ce qu’il ouvre."""
    maintenant = timezone.now()
    demain = timezone.localdate(maintenant) + timedelta(days=1)
    csrf = "m" * 32
    with cabinet(maintenant) as un, site() as port:
        navigateur = Client(port, Cookie=f"{cookie_de_session(un.compte)}; csrftoken={csrf}")
        regulateur = client_api(port)

        def saisir(rang: int) -> None:
            lieu = un.lieux[rang % len(un.lieux)]
            debut = f"{rang // 12:02d}:{rang % 12 * 5:02d}"
            fin = f"{rang // 12:02d}:{rang % 12 * 5 + 4:02d}"
            formulaire = {
                "csrfmiddlewaretoken": csrf,
                "genre": "plage",
                "capacite": "3",
                "modalites": "cabinet",
                "premier_jour": str(demain),
                "heure_debut": debut,
                "heure_fin": fin,
            }
            navigateur.post_formulaire(reverse("agenda:ouvrir", kwargs={"lieu_id": lieu.pk}), formulaire)
            ou = {"lat": lieu.lat, "lon": lieu.lon}
            demande = {"specialite": MEDECINE_GENERALE, "position": ou, "rayon_km": 1}
            reponse = regulateur.post_json("/api/v1/recherches/", msgspec.json.encode(demande))
            if f'"debut":"{demain}T{debut}'.encode() not in reponse:
                raise AssertionError(f"la plage de {debut}, au lieu {lieu.pk}, ne se voit pas")

        durees = [duree_ms(saisir, rang) for rang in range(reglages.agendas)]
    yield Ligne("saisie_visible_ms", centile(durees, 95), "ms", n=len(durees), budget=Budget(max=1000))


def import_planning(reglages: Reglages) -> Iterator[Ligne]:
    """Un planning au plus long : envoyé, relu, confirmé ; ce que la personne attend en tout."""
    lignes = min(LIGNES_MAX, reglages.lignes_planning)
    with cabinet(timezone.now()) as un:
        navigateur = _navigateur(un)
        debut = time.perf_counter()
        _importer(navigateur, _planning(un, lignes))
        duree = time.perf_counter() - debut
        ouvertes = Disponibilite.objects.filter(lieu__in=un.lieux, capacite=6).count()
        if ouvertes != lignes:
            raise AssertionError(f"{ouvertes} disponibilités ouvertes pour {lignes} lignes")
    budget = Budget(max=30) if lignes == LIGNES_MAX else Budget()
    yield Ligne("import_planning", duree, "s", n=lignes, budget=budget)


def _page(nom: str, un: Cabinet, chemin: str) -> Iterator[Ligne]:
    """La page par HTTP, en alternance avec ses propres instructions SQL, rejouées seules."""
    collecter_les_statiques()
    instructions = _instructions(_navigateur(un), chemin)
    par_http: list[float] = []
    en_sql: list[float] = []
    with site() as port:
        navigateur = Client(port, Cookie=cookie_de_session(un.compte))
        for tour in range(TOURS_DE_CHAUFFE + TOURS):
            paire: list[tuple[list[float], Callable[[], object]]] = [
                (en_sql, partial(_rejouer, instructions)),
                (par_http, partial(navigateur.get, chemin)),
            ]
            for durees, mesure in paire if tour % 2 else reversed(paire):
                durees.append(duree_ms(mesure))
    for rang in (50, 95):
        yield Ligne(
            f"{nom}_p{rang}",
            centile(par_http[TOURS_DE_CHAUFFE:], rang),
            "ms",
            n=TOURS,
            plancher=centile(en_sql[TOURS_DE_CHAUFFE:], rang),
            budget=Budget(ratio_max=3.5 if rang == 50 else None),
        )
    yield Ligne(f"{nom}_requetes", len(instructions), "requêtes", n=1, budget=Budget(max=REQUETES_MAX))


def _instructions(navigateur: ClientDjango, chemin: str) -> list[Instruction]:
    """Ce que la page demande à la base, session et rôles compris."""
    vues: list[Instruction] = []

    def noter(executer: Callable[..., Any], sql: str, params: Any, many: bool, contexte: Any) -> Any:
        vues.append((sql, params))
        return executer(sql, params, many, contexte)

    navigateur.get(chemin)  # ce que le processus retient n’est pas relu à chaque page
    with connection.execute_wrapper(noter):
        reponse = navigateur.get(chemin)
    if reponse.status_code != 200:
        raise RuntimeError(f"{chemin} : HTTP {reponse.status_code}")
    return vues


def _rejouer(instructions: Sequence[Instruction]) -> None:
    with connection.cursor() as curseur:
        for sql, parametres in instructions:
            curseur.execute(sql, parametres)
            curseur.fetchall()


def _navigateur(un: Cabinet) -> ClientDjango:
    return ClientDjango(headers={"cookie": cookie_de_session(un.compte)}, SERVER_NAME=HOTE)


def _planning(un: Cabinet, lignes: int) -> bytes:
    """Chaque ligne a son jour et son heure : 140 jours de 24 horaires, en chaque lieu."""
    premier = timezone.localdate() + timedelta(days=2)
    entete = "lieu;jour;de;a;genre;patients;types"
    corps = []
    for n in range(lignes):
        rang, lieu = divmod(n, len(un.lieux))
        jours, horaire = divmod(rang, 24)
        jour, heure = premier + timedelta(days=jours), f"{7 + horaire // 2}:{horaire % 2 * 30:02d}"
        fin = f"{7 + horaire // 2}:{horaire % 2 * 30 + 20:02d}"
        corps.append(f"{un.lieux[lieu].pk};{jour:%d/%m/%Y};{heure};{fin};plage;6;cabinet")
    return "\n".join([entete, *corps]).encode()


def _importer(navigateur: ClientDjango, contenu: bytes) -> None:
    fichier = SimpleUploadedFile("planning.csv", contenu)
    relu = navigateur.post(reverse("echanges:planning"), {"fichier": fichier})
    if relu.status_code != 302:
        raise RuntimeError(f"planning refusé : HTTP {relu.status_code}")
    navigateur.get(relu.headers["Location"])
    planning = ImportPlanning.objects.filter(fait_le=None).latest("pk")
    navigateur.post(reverse("echanges:planning_confirmer", kwargs={"planning_id": planning.pk}))
