"""Partir vers la place de marché d’un éditeur : noté comme un départ, sans rien dire de la recherche."""

import pytest
from django.urls import reverse

from agenda.models import Editeur
from comptes.models import Trace
from orientation.models import Redirection
from tests.agenda.factories import EditeurFactory
from tests.orientation.conftest import url_resultats

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    return EditeurFactory(
        code="agenda-libre",
        nom="Agenda Libre",
        origine="sas-preprod",
        url_place_de_marche="https://marche.editeur.invalid/sas?vue=carte#haut",
    )


def _url(code="agenda-libre"):
    return reverse("orientation:place_de_marche", kwargs={"code": code})


def test_le_depart_est_note_et_l_adresse_ne_porte_que_l_origine(connecte, osnp, place, maintenant):
    reponse = connecte.post(_url())

    depart = Redirection.objects.get()
    assert reponse.status_code == 303
    assert (
        reponse.headers["Location"] == "https://marche.editeur.invalid/sas?vue=carte&origin=sas-preprod#haut"
    )
    assert (depart.acteur, depart.editeur, depart.hote) == (osnp, place, "marche.editeur.invalid")
    assert (depart.lieu, depart.debut, depart.fin, depart.le) == (None, None, None, maintenant)
    assert Trace.objects.filter(verbe="redirection.enregistree").count() == 1


@pytest.mark.parametrize(
    "champs",
    [
        {"url_place_de_marche": ""},
        {"est_actif": False},
        {"url_place_de_marche": "http://marche.editeur.invalid/"},
        {"url_place_de_marche": "https://moi@marche.editeur.invalid/"},
    ],
    ids=["sans adresse", "éditeur coupé", "sans TLS", "avec une identité"],
)
def test_une_place_fermee_ou_douteuse_ne_s_ouvre_pas(connecte, place, maintenant, champs):
    Editeur.objects.filter(pk=place.pk).update(**champs)

    reponse = connecte.post(_url())

    assert reponse.status_code == 410
    assert not Redirection.objects.exists()


def test_un_editeur_inconnu_ne_s_ouvre_pas(connecte, maintenant):
    assert connecte.post(_url("inconnu")).status_code == 410


def test_on_ne_part_pas_par_un_simple_lien(connecte, place, maintenant):
    assert connecte.get(_url()).status_code == 405


def test_une_recherche_sans_resultat_propose_les_places_de_marche(connecte, jeton, place):
    EditeurFactory(nom="Sans place")

    page = connecte.get(url_resultats(jeton)).content.decode()

    assert f'formaction="{_url()}"' in page
    assert "Agenda Libre" in page
    assert "Sans place" not in page
    assert "marche.editeur.invalid" not in page


def test_sans_place_de_marche_la_page_n_en_parle_pas(connecte, jeton):
    assert "place de marché" not in connecte.get(url_resultats(jeton)).content.decode()
