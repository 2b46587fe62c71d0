"""Groupe 6 du kit : la connexion déléguée, avec et sans `origin`."""

from urllib.parse import urlsplit

import pytest

from sas_platform.demo.editeur_simule.jeu_kit import A
from tests.kit.client import OPTIONS, SLOT, chercher, demander, editeur_du_kit, ressources
from tests.kit.liste import ligne


@pytest.fixture(params=OPTIONS)
def lien(request) -> str:
    """Chemin et requête du lien du premier créneau : l’éditeur d’un autre appel a un autre port."""
    adresse = urlsplit(ressources(chercher(request.param, A), SLOT[request.param])[0]["comment"])
    return f"{adresse.path}?{adresse.query}"


@ligne("6.1.01", "6.1.02")
def test_6_1_01_et_6_1_02_sans_origin_la_reservation_demande_de_se_connecter(lien):
    reponse = demander(editeur_du_kit(), lien)

    assert reponse.statut == 401
    assert "Erreur de connexion" in reponse.corps.decode()
    assert "login" in reponse.corps.decode()


@ligne("6.1.03")
def test_6_1_03_avec_origin_c_est_la_page_de_connexion_du_sas(lien):
    reponse = demander(editeur_du_kit(), f"{lien}&origin=sas-preprod")

    assert (reponse.statut, reponse.type.split(";")[0]) == (200, "text/html")
    assert "ministère de la santé et de la prévention" in reponse.corps.decode()
    assert "Pro Santé Connect" in reponse.corps.decode()
    assert "Prendre ce rendez-vous" not in reponse.corps.decode()
