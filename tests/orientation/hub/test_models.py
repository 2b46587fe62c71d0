"""Ce que la base refuse d’un message au Hub, et du LRM d’un territoire."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from orientation.enums import EtatMessageHub, MotifNonDu
from tests.annuaire.factories import TerritoireFactory
from tests.orientation.factories import MessageHubFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "champs",
    [
        pytest.param({"contenu": None}, id="dû sans contenu"),
        pytest.param({"destinataire": ""}, id="dû sans destinataire"),
        pytest.param({"motif": MotifNonDu.SANS_LRM}, id="dû avec un motif"),
        pytest.param({"etat": EtatMessageHub.NON_DU}, id="non dû avec un contenu"),
        pytest.param({"non_du": True, "motif": ""}, id="non dû sans motif"),
    ],
)
def test_un_message_a_un_contenu_ou_un_motif(champs):
    with pytest.raises(IntegrityError, match="messagehub_contenu_sauf_non_du"), transaction.atomic():
        MessageHubFactory(**champs)

    MessageHubFactory()
    MessageHubFactory(non_du=True)


def test_un_identifiant_de_distribution_est_unique():
    MessageHubFactory(distribution_id="ptfsas_1")

    with pytest.raises(IntegrityError), transaction.atomic():
        MessageHubFactory(distribution_id="ptfsas_1")


@pytest.mark.parametrize(
    ("samu", "admis"),
    [
        ("fr.health.samu590", True),
        ("fr.health.test.samu2A0", True),
        ("fr.health.samu974", True),
        ("", True),
        ("samu590", False),
        ("fr.health.samu59", False),
        ("fr.health.samu590\n", False),
        ("fr.health.ptfsas", False),
    ],
)
def test_le_lrm_d_un_territoire_est_un_samu_du_hub(samu, admis):
    if admis:
        assert TerritoireFactory(samu=samu).samu == samu
        return
    with pytest.raises(IntegrityError, match="territoire_samu_bien_forme"), transaction.atomic():
        TerritoireFactory(samu=samu)
