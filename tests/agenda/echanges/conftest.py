"""Lundi 23 novembre 2026, 8 h à Paris : un centre de santé, deux médecins, leur gestionnaire."""

import datetime as dt

import pytest
import time_machine

from annuaire.models import LieuExercice, Structure
from comptes.enums import Role
from comptes.models import Compte
from tests.annuaire.factories import LieuExerciceFactory, SpecialiteFactory, StructureFactory, habiliter
from tests.comptes.factories import CompteFactory

MAINTENANT = dt.datetime(2026, 11, 23, 7, tzinfo=dt.UTC)


@pytest.fixture
def heure_fixe():
    with time_machine.travel(MAINTENANT, tick=False) as voyageur:
        yield voyageur


@pytest.fixture
def centre(db) -> Structure:
    SpecialiteFactory()
    return StructureFactory()


@pytest.fixture
def lieux(centre) -> list[LieuExercice]:
    return [LieuExerciceFactory(structure=centre) for _ in range(2)]


@pytest.fixture
def lieu(lieux) -> LieuExercice:
    return lieux[0]


@pytest.fixture
def gestionnaire(centre) -> Compte:
    compte = CompteFactory()
    habiliter(compte, Role.GESTIONNAIRE_STRUCTURE, structure=centre)
    return compte


@pytest.fixture
def medecin(lieu) -> Compte:
    return CompteFactory(role=Role.EFFECTEUR, identifiant_national=lieu.effecteur.identifiant_national)
