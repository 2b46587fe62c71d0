"""`/metrics` : des états de la plateforme, pour qui a le jeton, sans une personne."""

from datetime import timedelta

import pytest
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from agenda.models import Editeur, Lot, OffrePerimee

pytestmark = pytest.mark.django_db


def _lire(reponse):
    assert reponse.status_code == 200
    familles = text_string_to_metric_families(reponse.content.decode())
    return {
        (mesure.name, *mesure.labels.values()): mesure.value
        for famille in familles
        for mesure in famille.samples
    }


def test_les_etats_de_la_plateforme_se_relevent(client):
    editeur = Editeur.objects.create(code="lu", nom="Lu", url_base="http://a.invalid")
    lu_le = timezone.now() - timedelta(minutes=5)
    Lot.objects.create(editeur=editeur, numero=1, lu_le=lu_le, etat="reussi")
    Lot.objects.create(editeur=editeur, numero=2, etat="panne")
    OffrePerimee.objects.create(lieu_id=7)

    mesures = _lire(client.get("/metrics"))

    assert 300 <= mesures["sas_flux_age_secondes", "lu"] < 360
    assert mesures["sas_lots", "reussi"] == mesures["sas_lots", "panne"] == 1
    assert mesures["sas_offres_perimees",] == 1
    assert mesures["sas_orientations_du_jour",] == 0
    assert mesures["sas_editeur_allure", "lu"] == 1
    assert {cle[1] for cle in mesures if cle[0] == "sas_taches_en_attente"} == {
        "immediat",
        "fond",
        "sorties",
        "calculs",
    }


@pytest.mark.parametrize(
    ("jeton", "en_tetes", "etat"),
    [
        ("", {}, 200),
        ("", {"HTTP_X_FORWARDED_FOR": "192.0.2.4"}, 404),
        ("", {"REMOTE_ADDR": "192.0.2.4"}, 404),
        ("", {"REMOTE_ADDR": ""}, 404),
        ("secret", {}, 404),
        ("secret", {"HTTP_AUTHORIZATION": "Bearer autre"}, 404),
        ("secret", {"HTTP_AUTHORIZATION": "Bearer é"}, 404),
        ("secret", {"HTTP_AUTHORIZATION": "Bearer secret", "REMOTE_ADDR": "192.0.2.4"}, 200),
    ],
)
def test_seuls_la_machine_ou_le_porteur_du_jeton_relevent(client, settings, jeton, en_tetes, etat):
    settings.METRIQUES_JETON = jeton

    assert client.get("/metrics", **en_tetes).status_code == etat


def test_un_courtier_muet_ne_tait_que_ses_mesures(client, settings, monkeypatch):
    from sas_platform import metriques

    def muet(_):
        raise metriques.redis.ConnectionError

    monkeypatch.setattr(metriques, "longueur_de_file", muet)

    mesures = _lire(client.get("/metrics"))

    assert ("sas_offres_perimees",) in mesures
    assert not [cle for cle in mesures if cle[0] == "sas_taches_en_attente"]
