"""Le clic d’un LRM : son adresse quitte l’URL, n’est écrite nulle part, et l’arrivée est comptée (L-01, L-08)."""

import logging
from urllib.parse import quote

import pytest
from django.core.cache import cache

from comptes.models import Session
from orientation.enums import IssueLRM
from orientation.lrm.comprehension import SAS_PF_002
from orientation.models import ArriveesLRM
from tests.annuaire.factories import CommuneFactory
from tests.orientation.lrm.conftest import DOMICILE, ORIGINE, recherche_de

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("maintenant")]
URL = "/recherche/"


def test_un_clic_complet_mene_aux_resultats(connecte, appeler):
    reponse = appeler(**DOMICILE)

    recherche = recherche_de(reponse)
    assert (recherche.quoi, recherche.lieu["code_insee"]) == ("Médecine générale", "59350")
    assert recherche.avis == (SAS_PF_002,)


@pytest.mark.parametrize("en_post", [False, True], ids=["GET", "POST"])
def test_l_adresse_quitte_l_url_des_la_premiere_reponse(client, logiciel, lille, en_post):
    parametres = {"origin": ORIGINE} | DOMICILE

    reponse = client.post("/lrm/recherche/", parametres) if en_post else client.get(URL, parametres)

    assert reponse.status_code == 303
    assert reponse.headers["Location"].startswith("/lrm/arrivee/")
    assert "?" not in reponse.headers["Location"]
    assert reponse.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in reponse.headers["Cache-Control"]


def test_aucune_url_du_trajet_ne_porte_ce_qui_a_ete_transmis(connecte, appeler):
    reponse = appeler(**DOMICILE, practitioner="Docteur Zébulon")

    trajet = " ".join(url for url, _ in reponse.redirect_chain) + reponse.request["QUERY_STRING"]
    for valeur in ("Nationale", "Lille", "59350", "bulon", ORIGINE):
        assert quote(valeur) not in trajet


def test_le_journal_ne_dit_rien_de_l_adresse(connecte, appeler, caplog):
    with caplog.at_level(logging.DEBUG):
        appeler(**DOMICILE, practitioner="Zébulon")

    assert "orientation:recherche" in caplog.text
    for valeur in ("Nationale", "59350", "bulon", "origin="):
        assert valeur not in caplog.text


def test_aucune_cle_de_cache_ne_porte_l_adresse(connecte, appeler):
    appeler(**DOMICILE)

    cles = b" ".join(cache._cache.get_client(None).keys("*"))
    assert b"Nationale" not in cles
    assert b"59350" not in cles


@pytest.mark.parametrize("chemin", ["/recherche", "/sas/recherche"])
def test_l_adresse_quitte_aussi_l_url_sans_barre_et_celle_de_la_plateforme_nationale(connecte, lille, chemin):
    reponse = connecte.get(chemin, {"city": "Lille", "streetname": "rue Nationale"})

    assert reponse.status_code == 303
    assert reponse.headers["Location"].startswith("/lrm/arrivee/")
    assert reponse.headers["Cache-Control"] == "no-store"


def test_sans_appel_la_recherche_sans_barre_mene_a_la_recherche(connecte):
    assert connecte.get("/recherche").headers["Location"] == URL


def test_un_apercu_de_lien_ne_depose_rien(client, logiciel):
    reponse = client.head(URL, {"origin": ORIGINE} | DOMICILE)

    assert reponse.status_code == 204
    assert not Session.objects.exists()


def test_un_appel_sans_origine_quitte_aussi_l_url(connecte, lille):
    reponse = connecte.get(URL, DOMICILE, follow=True)

    assert reponse.context["lrm"].origine_refusee
    assert "Nationale" not in reponse.request["QUERY_STRING"]


def test_l_encodage_de_windows_se_lit_aussi(connecte, logiciel, medecine_generale):
    CommuneFactory(code_insee="59009", nom="Villeneuve-d’Ascq", codes_postaux=["59491"])
    requete = f"origin={ORIGINE}&inseecode=59009&streetname=all%E9e%20des%20Pr%E9s"

    reponse = connecte.get(f"{URL}?{requete}", follow=True)

    assert recherche_de(reponse).lieu["code_insee"] == "59009"


def test_les_arrivees_se_comptent_par_jour_origine_et_issue(connecte, appeler, logiciel):
    appeler(**DOMICILE)
    appeler(**DOMICILE)
    appeler(**DOMICILE | {"origin": "fr.inconnu"})

    comptees = ArriveesLRM.objects.order_by("pk").values_list("jour", "logiciel", "issue", "nombre")
    jour = comptees[0][0]
    assert list(comptees) == [
        (jour, logiciel.pk, IssueLRM.RESULTATS_SANS_MT, 2),
        (jour, None, IssueLRM.ORIGINE_REFUSEE, 1),
    ]
