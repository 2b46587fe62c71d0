"""Une plateforme reliée au Hub Santé : un courtier local, un territoire qui a son LRM, un régulateur complet."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from comptes.enums import Role
from comptes.models import Compte
from tests.annuaire.factories import CommuneFactory, TerritoireFactory, habiliter
from tests.comptes.factories import CompteFactory
from tests.orientation.hub.courtier import Courtier

DIMANCHE_17H = datetime(2026, 11, 1, 17, tzinfo=UTC)


@pytest.fixture
def courtier(settings) -> Iterator[Courtier]:
    with Courtier() as courtier:
        settings.HUB_URL = courtier.url
        settings.HUB_CLIENT = "fr.health.test.ptfsas"
        settings.HUB_DELAI_S = 1
        yield courtier


@pytest.fixture
def hub_ouvert(settings) -> None:
    """Configuré, mais que personne n’écoute : pour ce qui s’écrit sans partir."""
    settings.HUB_URL = "amqp://127.0.0.1:1/hub"
    settings.HUB_CLIENT = "fr.health.test.ptfsas"


@pytest.fixture
def nord(db):
    return TerritoireFactory(
        nom="SAS Nord", departements=[CommuneFactory().departement], samu="fr.health.samu590"
    )


@pytest.fixture
def regulatrice(nord) -> Compte:
    compte = CompteFactory(
        nom="RICART",
        prenom="Pauline",
        email="pauline.ricart@exemple.invalid",
        identifiant_national="3620100057/70326SR",
    )
    habiliter(compte, Role.OSNP, territoire=nord)
    return compte


def acquittement(reference: str, *, identifiant: str = "fr.health.samu590_a1", **champs) -> bytes:
    interieur = {"messageId": identifiant, "reference": {"distributionID": reference, **champs}}
    return _enveloppe("Ack", identifiant, interieur)


def erreur(
    code: int, reference: str, *, identifiant: str = "hub_e1", titre: str = "X", cause: str = ""
) -> bytes:
    interieur = {
        "error": {
            "errorCode": {"statusCode": code, "statusString": titre},
            "errorCause": cause,
            "referencedDistributionID": reference,
            "sourceMessage": {"distributionID": reference},
        }
    }
    return _enveloppe("Error", identifiant, interieur)


def _enveloppe(genre: str, identifiant: str, interieur: dict) -> bytes:
    return json.dumps(
        {
            "distributionID": identifiant,
            "distributionKind": genre,
            "content": [{"jsonContent": {"embeddedJsonContent": {"message": interieur}}}],
        }
    ).encode()
