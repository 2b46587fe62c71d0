"""Lundi 23 novembre 2026, 8 h à Paris : un médecin, sa secrétaire déléguée, un lieu à Lille."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from annuaire.models import Delegation
from comptes.enums import Role
from tests.annuaire.factories import LieuExerciceFactory, SpecialiteFactory
from tests.comptes.factories import DEBUT, CompteFactory

MAINTENANT = dt.datetime(2026, 11, 23, 7, tzinfo=dt.UTC)
LUNDI, MARDI = dt.date(2026, 11, 23), dt.date(2026, 11, 24)


@pytest.fixture(autouse=True)
def heure_fixe():
    with time_machine.travel(MAINTENANT, tick=False) as voyageur:
        yield voyageur


@pytest.fixture
def medecin(db):
    return CompteFactory(effecteur=True)


@pytest.fixture
def lieu(medecin):
    SpecialiteFactory()
    return LieuExerciceFactory(effecteur__identifiant_national=medecin.identifiant_national)


@pytest.fixture
def secretaire(lieu, medecin):
    """Déléguée de ce médecin pour ce lieu seulement."""
    compte = CompteFactory(role=Role.DELEGATAIRE)
    delegation = Delegation.objects.create(
        delegataire=compte,
        effecteur=lieu.effecteur,
        debut_le=DEBUT,
        consentie_le=DEBUT,
        consentie_par=medecin,
    )
    delegation.lieux.set([lieu])
    return compte


@pytest.fixture
def plus_tard(heure_fixe, client, medecin):
    """Avance l’horloge ; le médecin, dont la session a pu finir, se connecte de nouveau."""

    def avancer(vers: dt.timedelta | dt.datetime) -> None:
        heure_fixe.shift(vers) if isinstance(vers, dt.timedelta) else heure_fixe.move_to(vers)
        client.cookies.clear()
        client.force_login(medecin)

    return avancer


@pytest.fixture
def adresse(lieu):
    def vers(nom: str, **arguments: object) -> str:
        return reverse(f"agenda:{nom}", kwargs={"lieu_id": lieu.pk} | arguments)

    return vers
