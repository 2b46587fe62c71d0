"""L’API tient ce que son schéma promet, entrées au hasard comprises."""

from collections.abc import Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from agenda.offre import rafraichir
from comptes.models import Jeton
from sas_platform.socle.entrees import TAILLE_MAX
from sas_platform.wsgi import application
from tests.agenda.factories import DisponibiliteFactory
from tests.annuaire.factories import CommuneFactory
from tests.comptes.factories import JetonFactory

CONTROLES = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def _connexion_du_test() -> Iterator[None]:
    """Hors du client de Django, la fin d’une requête fermerait la connexion où vit la transaction du test."""
    signaux = (request_started, request_finished)
    for signal in signaux:
        signal.disconnect(close_old_connections)
    yield
    for signal in signaux:
        signal.connect(close_old_connections)


@pytest.fixture
def schema(db, _connexion_du_test, osnp, lieu, maintenant):
    CommuneFactory()
    DisponibiliteFactory(lieu=lieu)
    rafraichir([lieu.pk], maintenant)
    JetonFactory(compte=osnp, empreinte=Jeton.empreinte_de("secret"))
    return schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", application)


@pytest.mark.parametrize(
    ("methode", "chemin"),
    [
        ("POST", "/api/v1/recherches/"),
        ("POST", "/api/v1/orientations/"),
        ("GET", "/api/v1/orientations/{uuid}/"),
        ("POST", "/api/v1/orientations/{uuid}/annulation/"),
        ("POST", "/api/v1/tenues/"),
        ("DELETE", "/api/v1/tenues/{uuid}/"),
        ("POST", "/api/v1/tenues/{uuid}/prolongation/"),
    ],
)
def test_chaque_operation_se_conforme_au_schema(schema, methode, chemin):
    operation = schema[chemin][methode]

    @settings(
        max_examples=25,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cas=operation.as_strategy())
    def eprouver(cas):
        reponse = cas.call(headers={"Authorization": "Bearer secret"})
        cas.validate_response(reponse, checks=CONTROLES)

    eprouver()


def test_chaque_operation_declare_le_debit_d_un_jeton(client):
    chemins = client.get("/api/v1/schema/", headers={"accept": "application/json"}).json()["paths"]

    operations = [operation for chemin in chemins.values() for operation in chemin.values()]
    assert [operation["operationId"] for operation in operations if "429" not in operation["responses"]] == []


@pytest.mark.parametrize(
    ("etat", "demande"),
    [
        pytest.param(
            406, {"data": {}, "headers": {"accept": "text/html"}}, id="autre chose que du JSON voulu"
        ),
        pytest.param(413, {"data": {"x": "x" * TAILLE_MAX}}, id="corps trop long"),
        pytest.param(415, {"data": "x", "content_type": "text/plain"}, id="corps d’un autre type"),
    ],
)
@pytest.mark.parametrize("chemin", ["/api/v1/recherches/", "/api/v1/orientations/", "/api/v1/tenues/"])
def test_un_refus_d_avant_la_lecture_a_la_forme_que_le_schema_declare(client, osnp, chemin, etat, demande):
    JetonFactory(compte=osnp, empreinte=Jeton.empreinte_de("secret"))
    entetes = {"authorization": "Bearer secret", "idempotency-key": "cle"} | demande.get("headers", {})
    declarees = client.get("/api/v1/schema/", {"format": "json"}).json()["paths"][chemin]["post"]["responses"]

    reponse = client.post(chemin, **{"content_type": "application/json"} | demande | {"headers": entetes})

    assert reponse.status_code == etat
    assert reponse.headers["Content-Type"] in declarees[str(etat)]["content"]
    assert reponse.json()["status"] == etat


@pytest.mark.parametrize("parametre", ["version", "lang"])
def test_le_schema_ne_recopie_rien_de_ce_qu_on_lui_demande(client, db, parametre):
    ordinaire = client.get("/api/v1/schema/")

    reponse = client.get("/api/v1/schema/", {parametre: 'x"\r\nX-Ajoute: 1'})

    assert reponse.status_code == 200
    assert reponse.headers["Content-Disposition"] == ordinaire.headers["Content-Disposition"]
    assert reponse.content == ordinaire.content
