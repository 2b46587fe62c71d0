"""Un médecin et son agenda, sa déléguée, le gestionnaire d’un centre ; le lundi 2 novembre 2026 à 8 h, à Paris."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time

import pytest
import time_machine
from django.test import Client

from agenda.models import Editeur
from agenda.offre import rafraichir
from annuaire.models import Delegation, LieuExercice, Structure
from comptes.enums import Role
from comptes.models import Compte
from tests.agenda.factories import DisponibiliteFactory, EditeurFactory
from tests.annuaire.factories import (
    EffecteurFactory,
    LieuExerciceFactory,
    SpecialiteFactory,
    StructureFactory,
    habiliter,
)
from tests.comptes.factories import CompteFactory

LUNDI_8H = datetime(2026, 11, 2, 7, tzinfo=UTC)


@pytest.fixture
def maintenant() -> Iterator[datetime]:
    with time_machine.travel(LUNDI_8H, tick=False):
        yield LUNDI_8H


@pytest.fixture
def medecin(db, maintenant) -> Compte:
    return CompteFactory(effecteur=True, nom="Favier", prenom="Étienne")


@pytest.fixture
def lieu(medecin) -> LieuExercice:
    SpecialiteFactory()
    effecteur = EffecteurFactory(
        identifiant_national=medecin.identifiant_national, nom="FAVIER", prenom="Étienne"
    )
    return LieuExerciceFactory(effecteur=effecteur)


@pytest.fixture
def agenda(lieu) -> LieuExercice:
    """Une heure et demie chaque lundi matin, dans la recherche."""
    DisponibiliteFactory(
        lieu=lieu, hebdomadaire=True, plage=True, heure_debut=time(9), heure_fin=time(10, 30)
    )
    rafraichir([lieu.pk], LUNDI_8H)
    return lieu


@pytest.fixture
def editeur(db) -> Editeur:
    return EditeurFactory(code="logiciel", nom="Logiciel fictif")


@pytest.fixture
def deleguee(lieu, medecin) -> Compte:
    compte = CompteFactory(role=Role.DELEGATAIRE, nom="Secret", prenom="Aline")
    Delegation.objects.create(
        delegataire=compte,
        effecteur=lieu.effecteur,
        debut_le=LUNDI_8H,
        consentie_le=LUNDI_8H,
        consentie_par=medecin,
    )
    return compte


@pytest.fixture
def centre(db) -> Structure:
    return StructureFactory(nom="Centre de la Gare")


@pytest.fixture
def gestionnaire(centre, maintenant) -> Compte:
    compte = CompteFactory(nom="Santini", prenom="Gilles")
    habiliter(compte, Role.GESTIONNAIRE_STRUCTURE, structure=centre)
    return compte


@pytest.fixture
def naviguer() -> Callable[[Compte], Client]:
    def connecter_le(compte: Compte) -> Client:
        client = Client()
        client.force_login(compte)
        return client

    return connecter_le
