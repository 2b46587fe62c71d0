"""Le calcul d’itinéraire de l’État, joué par un serveur local."""

import json

import pytest

from orientation.trajets import itineraire
from sas_platform.socle.appels import Disjoncteur
from tests.service_distant import servir


@pytest.fixture
def service(monkeypatch, settings):
    monkeypatch.setattr(itineraire, "disjoncteur", Disjoncteur())
    with servir((200, json.dumps({"duration": 701.2, "distance": 5400.0}).encode())) as service:
        settings.ITINERAIRE_URL = service.url
        yield service
