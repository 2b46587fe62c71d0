"""Un logiciel de régulation admis, et de quoi l’imiter."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from orientation import carnet
from orientation.models import ArriveesLRM, LogicielRegulation
from tests.annuaire.factories import CommuneFactory
from tests.comptes.conftest import psc  # noqa: F401
from tests.orientation.factories import LogicielRegulationFactory

ORIGINE = "fr.samu590"
DOMICILE = {"streetnumber": "12 bis", "streetname": "rue Nationale", "inseecode": "59350", "city": "Lille"}


@pytest.fixture
def logiciel(db) -> LogicielRegulation:
    return LogicielRegulationFactory(code=ORIGINE, contact="le service informatique du SAMU 59")


@pytest.fixture
def lille(medecine_generale):
    return CommuneFactory()


@pytest.fixture
def appeler(client, logiciel, lille) -> Callable[..., Any]:
    """`appeler(city="Lille")` : le clic du LRM, suivi jusqu’à la page où il mène."""

    def appel(**parametres: str) -> Any:
        return client.get(f"/recherche/?{urlencode({'origin': ORIGINE} | parametres)}", follow=True)

    return appel


def recherche_de(reponse) -> carnet.Recherche:
    """La recherche faite : la réponse est la page des résultats."""
    assert reponse.resolver_match.view_name == "orientation:resultats", reponse.redirect_chain
    return reponse.context["recherche"]


def formulaire_de(reponse):
    assert reponse.resolver_match.view_name == "orientation:recherche", reponse.redirect_chain
    return reponse.context["form"]


def issues() -> dict[str, int]:
    return dict(ArriveesLRM.objects.values_list("issue", "nombre"))
