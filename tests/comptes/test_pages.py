"""Les pages du cadre, dans un vrai navigateur : connexion, sortie, accessibilité, captures."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from comptes.enums import Role
from sas_platform.demo.personas import creer_comptes
from tests.comptes.factories import CompteFactory
from tests.navigateur import suivre, verifier_la_largeur

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def comptes(psc, serveur):
    psc.redirections = [f"{serveur}/oidc/callback/"]
    return creer_comptes()


def test_une_osnp_se_connecte_arrive_a_l_accueil_et_sort(page, comptes, axe, capture):
    page.goto("/")
    axe(page)
    capture(page, "accueil-anonyme")
    suivre(page.locator("[data-sas-connexion]"))
    suivre(page.locator('[data-persona="osnp"]'))

    expect(page.locator("h1")).to_have_text("Bonjour Camille Osmont")
    expect(page.locator("nav#menu >> text=Rechercher une offre de soins")).to_be_visible()
    axe(page)
    capture(page, "accueil-osnp")

    suivre(page.get_by_role("button", name="Se déconnecter"))
    expect(page.locator("[data-sas-connexion]")).to_be_visible()
    page.goto("/recherche/")
    expect(page).to_have_url(re.compile("/connexion/"))


def test_annuler_mene_a_un_ecran_d_ou_l_on_recommence(page, comptes, axe, capture):
    page.goto("/connexion/")
    axe(page)
    capture(page, "connexion")
    suivre(page.locator("[data-sas-connexion]"))
    axe(page)
    capture(page, "psc-simule")
    suivre(page.locator("[data-annuler]"))

    expect(page.locator("h1")).to_have_text("Connexion annulée")
    axe(page)
    capture(page, "connexion-annulee")
    suivre(page.locator("main [data-sas-connexion]"))
    expect(page.locator('[data-persona="osnp"]')).to_be_visible()


def test_un_effecteur_choisit_son_exercice_puis_en_change(page, comptes, axe, capture):
    page.goto("/connexion/")
    suivre(page.locator("[data-sas-connexion]"))
    suivre(page.locator('[data-persona="effecteur"]'))

    expect(page.locator("h1")).to_have_text(re.compile("^À quel titre agissez-vous"))
    axe(page)
    capture(page, "exercice")
    page.click("label[for=exercice-0]")
    suivre(page.get_by_role("button", name="Continuer"))
    suivre(page.get_by_role("banner").get_by_role("link", name="changer d’exercice"))
    expect(page.locator("#exercice-0")).to_be_checked()


def test_l_accueil_dit_vrai_pour_chaque_role(page, connecter, axe, capture):
    contenu = page.locator("main")
    for role in (Role.EFFECTEUR, Role.ADMINISTRATEUR, None):
        connecter(CompteFactory(role=role))
        page.goto("/")

        axe(page)
        capture(page, f"accueil-{role or 'sans-role'}")
        for passage, a_qui in (
            ("Mes délégataires", Role.EFFECTEUR),
            ("aucun rôle en cours", None),
            ("Administration", Role.ADMINISTRATEUR),
        ):
            expect(contenu.get_by_text(passage).first).to_be_visible(visible=role == a_qui)


def test_le_clavier_atteint_d_abord_les_liens_d_evitement(page, connecter, comptes):
    connecter(comptes["osnp"])
    page.goto("/")
    actif = page.locator(":focus")
    for lien in ("Contenu", "Menu", "Pied de page"):
        page.keyboard.press("Tab")
        expect(actif).to_have_text(lien)

    expect(actif).not_to_have_css("outline-style", "none")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(actif).to_have_text("Contenu")
    page.keyboard.press("Enter")
    expect(page.locator("#contenu")).to_be_focused()


def test_au_telephone_le_menu_s_ouvre_au_bouton(page, connecter, comptes):
    page.set_viewport_size({"width": 390, "height": 844})
    connecter(comptes["osnp"])
    page.goto("/")
    expect(page.locator("#bouton-menu")).to_be_visible()
    expect(page.locator("nav#menu")).to_be_hidden()

    page.click("#bouton-menu")

    expect(page.locator("nav#menu")).to_be_visible()
    expect(page.locator("#menu-mobile >> text=Se déconnecter")).to_be_visible()


def test_a_200_pour_cent_rien_ne_deborde(page, connecter, comptes):
    page.set_viewport_size({"width": 640, "height": 450})
    connecter(comptes["osnp"])
    for chemin in ("/", "/accessibilite/"):
        page.goto(chemin)
        verifier_la_largeur(page)


def test_la_documentation_de_l_api_s_affiche_sous_la_csp(page, capture):
    page.goto("/api/v1/docs/")

    expect(page.locator(".swagger-ui .info")).to_be_visible()
    capture(page, "api-docs")


def test_l_administration_s_affiche_sous_la_csp(page, connecter, comptes, capture):
    connecter(comptes["administrateur"])
    page.goto("/administration/comptes/compte/")
    expect(page.get_by_text("osnp@exemple.invalid")).to_be_visible()
    capture(page, "administration")

    suivre(page.get_by_text("Se déconnecter"))
    expect(page).to_have_url(re.compile("/connexion/"))


def test_la_page_de_panne_s_affiche_sans_base(page, axe, capture, serveur, monkeypatch):
    from django.db import OperationalError

    from comptes import sessions

    def en_panne(*args: object) -> None:
        raise OperationalError("connection refused")

    page.context.add_cookies([{"name": "sas_session", "value": "x", "url": serveur}])
    monkeypatch.setattr(sessions.DureeDeSession, "__call__", en_panne)
    page.goto("/")

    expect(page.locator("h1")).to_have_text("Service momentanément indisponible")
    axe(page)
    capture(page, "503")
