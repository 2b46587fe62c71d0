"""Les pages du cadre, dans un vrai navigateur : connexion, sortie, accessibilité, captures."""

from __future__ import annotations

import re

import pytest

from comptes.enums import Role
from sas_platform.demo.personas import creer_comptes
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def comptes(psc, serveur):
    psc.redirections = [f"{serveur}/oidc/callback/"]
    return creer_comptes()


def test_une_osnp_se_connecte_arrive_a_l_accueil_et_sort(page, comptes, axe, capture):
    page.goto("/")
    axe(page)
    capture(page, "accueil-anonyme")
    page.click("[data-sas-connexion]")
    page.click('[data-persona="osnp"]')
    page.wait_for_url("**/")

    assert page.inner_text("h1") == "Bonjour Camille Osmont"
    assert page.is_visible("nav#menu >> text=Rechercher une offre de soins")
    axe(page)
    capture(page, "accueil-osnp")

    page.click("header >> text=Se déconnecter")
    page.wait_for_url("**/connexion/")
    assert page.is_visible("[data-sas-connexion]")
    page.goto("/recherche/")
    assert "/connexion/" in page.url


def test_annuler_mene_a_un_ecran_d_ou_l_on_recommence(page, comptes, axe, capture):
    page.goto("/connexion/")
    axe(page)
    capture(page, "connexion")
    page.click("[data-sas-connexion]")
    axe(page)
    capture(page, "psc-simule")
    page.click("[data-annuler]")

    assert page.inner_text("h1") == "Connexion annulée"
    axe(page)
    capture(page, "connexion-annulee")
    page.click("main [data-sas-connexion]")
    assert page.is_visible('[data-persona="osnp"]')


def test_un_effecteur_choisit_son_exercice_puis_en_change(page, comptes, axe, capture):
    page.goto("/connexion/")
    page.click("[data-sas-connexion]")
    page.click('[data-persona="effecteur"]')

    assert page.inner_text("h1").startswith("À quel titre agissez-vous")
    axe(page)
    capture(page, "exercice")
    page.click("label[for=exercice-0]")
    page.click("text=Continuer")
    page.wait_for_url("**/")
    page.click("header >> text=changer d’exercice")
    assert page.is_checked("#exercice-0")


@pytest.mark.parametrize(
    ("chemin", "nom"),
    [
        ("/mentions-legales/", "mentions-legales"),
        ("/donnees-personnelles/", "donnees-personnelles"),
        ("/accessibilite/", "accessibilite"),
        ("/rien/", "404"),
    ],
)
def test_les_pages_de_texte_sont_accessibles(page, axe, capture, chemin, nom):
    page.goto(chemin)

    axe(page)
    capture(page, nom)


@pytest.mark.parametrize(
    "role", [Role.EFFECTEUR, Role.ADMINISTRATEUR, None], ids=lambda role: role or "sans-role"
)
def test_l_accueil_dit_vrai_pour_chaque_role(page, connecter, axe, capture, role):
    connecter(CompteFactory(role=role))
    page.goto("/")

    axe(page)
    capture(page, f"accueil-{role or 'sans-role'}")
    texte = page.inner_text("main")
    assert ("Mes délégataires" in texte) is (role == Role.EFFECTEUR)
    assert ("aucun rôle en cours" in texte) is (role is None)
    assert page.is_visible("main >> text=Administration") is (role == Role.ADMINISTRATEUR)


def test_le_clavier_atteint_d_abord_les_liens_d_evitement(page, connecter, comptes):
    connecter(comptes["osnp"])
    page.goto("/")
    atteints = []
    for _ in range(3):
        page.keyboard.press("Tab")
        atteints.append(page.evaluate("document.activeElement.textContent.trim()"))

    assert atteints == ["Contenu", "Menu", "Pied de page"]
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "contenu"


def test_au_telephone_le_menu_s_ouvre_au_bouton(page, connecter, comptes):
    page.set_viewport_size({"width": 390, "height": 844})
    connecter(comptes["osnp"])
    page.goto("/")
    assert not page.is_visible("nav#menu")

    page.click("#bouton-menu")

    page.wait_for_selector("nav#menu", state="visible")
    assert page.is_visible("#menu-mobile >> text=Se déconnecter")


def test_a_200_pour_cent_rien_ne_deborde(page, connecter, comptes):
    page.set_viewport_size({"width": 640, "height": 450})
    connecter(comptes["osnp"])
    for chemin in ("/", "/accessibilite/"):
        page.goto(chemin)
        assert (
            page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        )


def test_la_documentation_de_l_api_s_affiche_sous_la_csp(page, capture):
    page.goto("/api/v1/docs/")

    page.wait_for_selector(".swagger-ui .info")
    capture(page, "api-docs")


def test_l_administration_s_affiche_sous_la_csp(page, connecter, comptes, capture):
    connecter(comptes["administrateur"])
    page.goto("/administration/comptes/compte/")
    assert page.is_visible("text=osnp@exemple.invalid")
    capture(page, "administration")

    page.click("text=Se déconnecter")
    page.wait_for_url(re.compile("/connexion/"))


def test_la_page_de_panne_s_affiche_sans_base(page, axe, capture, serveur, monkeypatch):
    from django.db import OperationalError

    from comptes import sessions

    def en_panne(*args: object) -> None:
        raise OperationalError("connection refused")

    page.context.add_cookies([{"name": "sas_session", "value": "x", "url": serveur}])
    monkeypatch.setattr(sessions.DureeDeSession, "__call__", en_panne)
    page.goto("/")

    assert page.inner_text("h1") == "Service momentanément indisponible"
    axe(page)
    capture(page, "503")
