"""Les colonnes des fichiers se règlent dans l’administration : une valeur du catalogue, et une trace."""

import pytest
from django.urls import reverse

from comptes.models import Trace
from remuneration.models import Colonne
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrateur(client):
    compte = CompteFactory(administrateur=True)
    client.force_login(compte)
    return compte


def regler(client, **champs):
    saisie = {"nature": "anomalies", "rang": "99", "entete": "LIBELLE", "champ": "libelle", **champs}
    return client.post(reverse("admin:remuneration_colonne_add"), saisie)


def test_une_colonne_s_ajoute_et_se_trace(client, administrateur):
    regler(client)

    colonne = Colonne.objects.get(rang=99)
    trace = Trace.objects.get(verbe="colonne.reglee")
    assert (trace.acteur, trace.objet, trace.details["champ"]) == (
        administrateur,
        f"colonne:{colonne.pk}",
        "libelle",
    )


@pytest.mark.parametrize(
    ("champs", "phrase"),
    [
        pytest.param({"champ": "montant"}, "n’a pas cette valeur", id="valeur d’un autre fichier"),
        pytest.param({"champ": "patient"}, "choix valide", id="valeur inconnue"),
        pytest.param({"rang": "1"}, "existe déjà", id="rang pris"),
    ],
)
def test_une_colonne_impossible_est_refusee(client, administrateur, champs, phrase):
    page = regler(client, **champs).content.decode()

    assert phrase in page
    assert not Trace.objects.filter(verbe="colonne.reglee").exists()


def test_retirer_des_colonnes_se_trace_une_a_une(client, administrateur):
    choisies = list(Colonne.objects.filter(nature="anomalies").values_list("pk", flat=True)[:2])

    client.post(
        reverse("admin:remuneration_colonne_changelist"),
        {"action": "delete_selected", "_selected_action": choisies, "post": "yes"},
    )

    assert not Colonne.objects.filter(pk__in=choisies).exists()
    assert Trace.objects.filter(verbe="colonne.retiree").count() == 2
