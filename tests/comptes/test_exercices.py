"""Plusieurs exercices chez Pro Santé Connect : on choisit à quel titre on agit."""

from __future__ import annotations

import pytest

from sas_platform.demo.personas import creer_comptes

pytestmark = pytest.mark.django_db

CHOIX = "/connexion/exercice/"


@pytest.fixture
def effecteur(parcours):
    creer_comptes()
    return parcours


def test_avec_plusieurs_exercices_on_choisit_avant_d_arriver(effecteur):
    reponse = effecteur.complet("effecteur", suite="/mentions-legales/")

    assert reponse.headers["Location"] == f"{CHOIX}?next=%2Fmentions-legales%2F"
    page = effecteur.client.get(reponse.headers["Location"]).content.decode()
    assert page.count('name="exercice"') == 2
    assert "salarié, Hôpital Fictif" in page


def test_le_choix_mene_a_la_page_demandee_et_se_garde(effecteur):
    effecteur.complet("effecteur")

    reponse = effecteur.client.post(CHOIX, {"exercice": "1", "next": "/mentions-legales/"})

    assert reponse.headers["Location"] == "/mentions-legales/"
    assert effecteur.client.session["exercice"] == 1
    assert "changer d’exercice" in effecteur.client.get("/mentions-legales/").content.decode()


def test_s_identifier_de_nouveau_ne_redemande_pas_l_exercice(effecteur):
    effecteur.complet("effecteur")
    effecteur.client.post(CHOIX, {"exercice": "0"})

    reponse = effecteur.complet("effecteur", suite="/mentions-legales/")

    assert reponse.headers["Location"] == "/mentions-legales/"


@pytest.mark.parametrize("choix", ["", "2", "-1", "0 ", "é", "٠", "10000000000000000000"], ids=repr)
def test_un_choix_impossible_se_corrige_sur_place(effecteur, choix):
    effecteur.complet("effecteur")

    reponse = effecteur.client.post(CHOIX, {"exercice": choix, "next": "/mentions-legales/"})

    assert reponse.status_code == 200
    page = reponse.content.decode()
    assert "Choisissez un exercice." in page
    assert 'value="/mentions-legales/"' in page
    assert "exercice" not in effecteur.client.session


@pytest.mark.parametrize("suite", ["https://ailleurs.example/", "//ailleurs.example", "accueil"])
def test_le_choix_ne_mene_pas_ailleurs(effecteur, suite):
    effecteur.complet("effecteur")

    assert (
        effecteur.client.post(CHOIX, {"exercice": "0", "next": suite}).headers["Location"]
        == "/tableau-de-bord/"
    )


@pytest.mark.parametrize("persona", ["regulateur", "osnp"])
def test_avec_un_exercice_ou_aucun_il_n_y_a_rien_a_choisir(effecteur, persona):
    reponse = effecteur.complet(persona)

    assert reponse.headers["Location"] == "/"
    assert effecteur.client.get(CHOIX).headers["Location"] == "/"
    assert "changer d’exercice" not in effecteur.client.get("/mentions-legales/").content.decode()


def test_sans_pro_sante_connect_il_n_y_a_rien_a_choisir(client):
    client.force_login(creer_comptes()["effecteur"])

    assert client.get(CHOIX).status_code == 302
