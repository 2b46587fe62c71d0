"""Ce qu’aucun outil ne sait des pages : routes fermées, objets montrés à qui il faut, pages sans code en ligne."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpResponse, HttpResponseNotFound
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from comptes import droits
from comptes.enums import Action, Role
from comptes.models import Compte
from sas_platform import urls
from sas_platform.demo.personas import PERSONAS, creer_comptes
from tests import matrice
from tests.monde import creer_le_monde

RACINE = Path(settings.RACINE)
GABARITS = RACINE / "templates"
EXEMPLES = {
    "int": "1",
    "str": "essai",
    "slug": "essai",
    "path": "essai",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
# Routes de l’administration que Django ouvre pour fermer ou renvoyer : sans contenu à elles.
SANS_CONTENU = {"admin:login", "admin:logout", "admin:password_change", "admin:password_change_done"}


def routes(
    resolveur: URLResolver | None = None, prefixe: str = "", espace: str = ""
) -> Iterator[tuple[str, str]]:
    """Toutes les routes : (nom complet, chemin d’exemple)."""
    for motif in (resolveur or get_resolver()).url_patterns:
        morceau = str(motif.pattern)
        if isinstance(motif, URLResolver):
            sous_espace = f"{espace}{motif.namespace}:" if motif.namespace else espace
            yield from routes(motif, prefixe + morceau, sous_espace)
        elif isinstance(motif, URLPattern):
            yield f"{espace}{motif.name}", "/" + _exemple(prefixe + morceau)


def _exemple(motif: str) -> str:
    par_type = re.sub(r"<(?:(\w+):)?\w+>", lambda m: EXEMPLES[m.group(1) or "str"], motif)
    # Expression régulière de l’administration : la première possibilité suffit.
    premiere = re.sub(r"\(\?P<\w+>([\w.]+)[^)]*\)", r"\1", par_type)
    return re.sub(r"\.\*|[\^$\\()]", "", premiere)


def chemins() -> list[tuple[str, str]]:
    return [(nom, chemin) for nom, chemin in routes() if not nom.endswith(":None")]


def a_un_objet(chemin: str) -> bool:
    return any(f"/{valeur}/" in chemin for valeur in EXEMPLES.values())


ROUTES = chemins()
ROLES: list[Role | None] = [None, *Role]


def test_les_routes_sont_enumerees():
    assert len(ROUTES) == len({(nom, chemin) for nom, chemin in ROUTES})
    assert {"accueil", "sante", "comptes:connexion", "api:schema", "admin:index"} <= {
        nom for nom, _ in ROUTES
    }


def test_chaque_route_est_dans_la_table_des_droits_et_chaque_ligne_a_sa_route():
    noms = {nom for nom, _ in ROUTES}
    espaces = {f"{nom.partition(':')[0]}:*" for nom in noms}

    assert [nom for nom in noms if _sans_regle(nom)] == []
    assert set(droits.ROUTES) - noms - espaces == set()


def _sans_regle(nom: str) -> bool:
    try:
        droits.regle(nom)
    except KeyError:
        return True
    return False


@pytest.fixture
def client_de(db):
    def ouvrir(role: Role | None) -> Client:
        client = Client(raise_request_exception=False)
        if role is not None:
            compte, _ = Compte.objects.get_or_create(email=f"{role}@exemple.invalid", nom=role.label)
            compte.habilitations.get_or_create(role=role)
            client.force_login(compte)
        return client

    return ouvrir


def demander(client: Client, chemin: str) -> Any:
    """GET, ou POST si la vue n’admet que lui."""
    reponse = client.get(chemin)
    return client.post(chemin, {}, content_type="application/json") if reponse.status_code == 405 else reponse


@pytest.fixture
def _page_404_nue(monkeypatch):
    """Des milliers de refus : leur page, dont rien ici ne dépend, coûterait plus que tout le reste."""
    monkeypatch.setattr(urls, "handler404", lambda request, exception=None: HttpResponseNotFound())


@pytest.mark.usefixtures("_page_404_nue")
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role or "anonyme")
def test_chaque_route_suit_la_table_des_droits(client_de, role):
    """Vraies requêtes, route par route : qui n’est pas admis se connecte, ou ne voit rien."""
    fautes = []
    client = client_de(role)
    for nom, chemin in ROUTES:
        if nom in SANS_CONTENU:
            continue
        regle = droits.regle(nom)
        admis = (
            regle is droits.PUBLIC
            or (role is not None and regle is droits.CONNECTE)
            or (isinstance(regle, Action) and role in droits.TABLE[regle])
        )
        reponse = demander(client, chemin)
        if nom == "comptes:deconnexion":
            client = client_de(role)
        if not _conforme(reponse, chemin, admis=admis, anonyme=role is None):
            fautes.append(f"{nom} {chemin} : {reponse.status_code} {reponse.headers.get('Location', '')}")

    assert fautes == []


def test_chaque_route_qui_nomme_un_objet_est_dans_la_matrice():
    """En cas d’échec : ajouter la route à `tests/matrice.py`, qui dit comment."""
    nommees = {nom for nom, chemin in ROUTES if a_un_objet(chemin) and not nom.startswith("admin:")}

    assert nommees - set(matrice.OBJETS) - set(matrice.SANS_TITULAIRE) == set()
    assert set(matrice.OBJETS) - {nom for nom, _ in ROUTES} == set()


def _demander_l_objet(client: Client, nom: str, chemin: str, *, en_post: bool) -> HttpResponse:
    """Les pages reçoivent un formulaire, l’API du JSON."""
    if not en_post:
        return client.get(chemin)
    return (
        client.post(chemin, content_type="application/json")
        if nom.startswith("api:")
        else client.post(chemin)
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("_page_404_nue")
def test_chaque_objet_ne_se_montre_qu_a_qui_il_doit(settings, tmp_path):
    """Vraies requêtes : titulaire, délégataire, même territoire, étranger, anonyme, et chaque rôle."""
    settings.MEDIA_ROOT = tmp_path
    monde = creer_le_monde()
    fautes = []
    for qui, compte in {**monde.comptes, matrice.ANONYME: None}.items():
        client = Client(raise_request_exception=False)
        if compte is not None:
            client.force_login(compte)
        for nom, ligne in matrice.OBJETS.items():
            chemin = reverse(nom, kwargs=dict(ligne.adresse(monde)))
            with transaction.atomic():
                reponse = _demander_l_objet(client, nom, chemin, en_post=ligne.en_post)
                transaction.set_rollback(True)
            if reponse.streaming:
                b"".join(reponse.streaming_content)  # ferme le fichier livré
            if not _objet_conforme(reponse, chemin, compte=compte, ouvert=qui in ligne.ouvre):
                fautes.append(
                    f"{nom} pour {qui} : {reponse.status_code} {reponse.headers.get('Location', '')}"
                )

    assert fautes == []


def _objet_conforme(reponse: Any, chemin: str, *, compte: Compte | None, ouvert: bool) -> bool:
    etat = reponse.status_code
    vers_connexion = etat == 302 and reponse.headers["Location"].startswith("/connexion/")
    if ouvert:
        # 409 : la personne est admise, l’objet n’est plus dans l’état qu’il faut.
        return etat in (200, 302, 409) and not vers_connexion
    if chemin.startswith("/api/"):
        return etat == 401 if compte is None else etat in (403, 404)
    return vers_connexion if compte is None else etat == 404


def _conforme(reponse: Any, chemin: str, *, admis: bool, anonyme: bool) -> bool:
    etat, api = reponse.status_code, chemin.startswith("/api/")
    # Quelques pages de l’administration passent par sa porte, qui renvoie à la connexion (test suivant).
    portes = ("/connexion/", "/administration/login/?next=")
    vers_connexion = etat == 302 and reponse.headers["Location"].startswith(portes)
    if not admis and api:
        return etat == (401 if anonyme else 403)
    if not admis:
        return vers_connexion if anonyme else etat == 404
    if etat == 404:
        return a_un_objet(chemin)
    return (
        etat < 500 and etat not in (401,) and (not vers_connexion or chemin == "/deconnexion/")
    ) or etat == 503


@pytest.mark.django_db
@pytest.mark.parametrize("nom", sorted(SANS_CONTENU))
def test_les_portes_de_l_administration_ne_s_ouvrent_que_par_pro_sante_connect(client, nom):
    chemin = dict(ROUTES)[nom]

    anonyme = demander(client, chemin)
    client.force_login(Compte.objects.create(email="quelqu-un@exemple.invalid", nom="Quelqu’un"))

    assert anonyme.status_code in (302, 404)
    if anonyme.status_code == 302 and nom != "admin:login":
        anonyme = Client().get(anonyme.headers["Location"])
    if anonyme.status_code == 302:
        assert anonyme.headers["Location"].startswith("/connexion/?next=/administration/")
    assert demander(client, chemin).status_code == 404


def _pages_html(client: Client, compte: Compte | None) -> Iterator[tuple[str, Any]]:
    """Les pages que ce compte peut ouvrir, et une page 404 pour toutes celles qu’il ne peut pas."""
    qui = compte or AnonymousUser()
    for nom, chemin in [("introuvable", "/nulle-part/"), *ROUTES]:
        if chemin.startswith("/api/v1/") and nom != "api:docs":
            continue
        if nom != "introuvable" and not droits.peut_ouvrir(qui, nom):
            continue
        reponse = client.get(chemin)
        if reponse.headers.get("Content-Type", "").startswith("text/html") and reponse.content:
            yield nom, reponse


@pytest.fixture
def personnes(db) -> list[tuple[Client, Compte | None]]:
    """L’anonyme, et une personne de chaque rôle de la démonstration."""
    comptes = creer_comptes()
    ouverts: list[tuple[Client, Compte | None]] = [(Client(), None)]
    for persona in PERSONAS:
        if persona.cle in comptes:
            ouverts.append((Client(), comptes[persona.cle]))
            ouverts[-1][0].force_login(comptes[persona.cle])
    return ouverts


EN_LIGNE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>|<style\b|<[a-z][^>]*\s(?:style|on[a-z]+)=|javascript:",
    re.IGNORECASE,
)


def test_chaque_page_est_sure_et_bien_formee(personnes):
    for client, compte in (personnes[0], personnes[1], personnes[-1]):
        for nom, reponse in _pages_html(client, compte):
            page = reponse.content.decode()
            _verifier_la_politique_de_securite(nom, reponse.headers["Content-Security-Policy"])
            _verifier_que_rien_n_est_en_ligne(nom, page)
            _verifier_que_rien_ne_vient_d_un_autre_site(nom, page)
            if not nom.startswith(("admin:", "api:")):
                _verifier_la_langue_et_les_titres(nom, page)


def _verifier_la_politique_de_securite(nom: str, politique: str) -> None:
    regles = dict(regle.strip().split(" ", 1) for regle in politique.split(";") if regle.strip())
    assert "unsafe" not in politique, nom
    assert regles["default-src"] == "'none'", nom
    assert regles["script-src"].startswith("'self'"), nom
    assert regles["style-src"] == "'self'", nom
    assert regles["frame-ancestors"] == regles["base-uri"] == regles["object-src"] == "'none'", nom


def _verifier_que_rien_n_est_en_ligne(nom: str, page: str) -> None:
    """Ni style ni script dans la page : la politique de sécurité les refuserait."""
    trouve = EN_LIGNE.search(page)
    assert trouve is None, f"{nom} : {trouve and trouve.group()[:120]}"


def _verifier_que_rien_ne_vient_d_un_autre_site(nom: str, page: str) -> None:
    appels = re.findall(r"(?:src|srcset|data|poster)=[\"'](?:https?:)?//[^\"']+", page)
    appels += re.findall(r"<link[^>]*href=[\"'](?:https?:)?//[^\"']+", page)
    assert appels == [], nom


def _verifier_la_langue_et_les_titres(nom: str, page: str) -> None:
    assert '<html lang="fr"' in page, nom
    assert len(re.findall(r"<h1[ >]", page)) == 1, nom
    assert re.search(r"<title>[^<]{5,} — Plateforme numérique du SAS</title>", page), nom
    identifiants = re.findall(r'\sid="([^"]+)"', page)
    assert len(identifiants) == len(set(identifiants)), nom


def test_aucune_variable_ne_manque_dans_nos_gabarits(personnes, settings):
    moteur = settings.TEMPLATES[0]
    options = moteur["OPTIONS"] | {"string_if_invalid": "⟦%s⟧"}
    settings.TEMPLATES = [moteur | {"OPTIONS": options}]
    nos_gabarits = "".join(fichier.read_text() for fichier in GABARITS.rglob("*.html"))
    for client, compte in personnes:
        for nom, reponse in _pages_html(client, compte):
            manquantes = set(re.findall("⟦([^⟧]*)⟧", reponse.content.decode()))
            # Les gabarits des bibliothèques comptent sur des variables absentes, pas les nôtres.
            assert {variable for variable in manquantes if variable in nos_gabarits} == set(), nom
