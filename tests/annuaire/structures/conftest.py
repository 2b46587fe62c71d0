from __future__ import annotations

import pytest
from django.test import Client

from annuaire.models import Structure
from comptes.enums import Role
from comptes.models import Compte
from tests.annuaire.factories import CommuneFactory, StructureFactory, habiliter
from tests.comptes.factories import CompteFactory


@pytest.fixture
def responsable(db) -> Compte:
    return CompteFactory(nom="Santini", prenom="Gilles")


@pytest.fixture
def cpts(responsable) -> Structure:
    structure = StructureFactory(cpts=True, nom="CPTS de Lille")
    habiliter(responsable, Role.GESTIONNAIRE_STRUCTURE, structure=structure)
    return structure


@pytest.fixture
def sos(responsable, cpts) -> Structure:
    from annuaire.models import Perimetre

    structure = StructureFactory(sos=True, nom="SOS Médecins Lille")
    perimetre = Perimetre.objects.get(structure=cpts)
    Perimetre.objects.create(
        habilitation=perimetre.habilitation, structure=structure, debut_le=perimetre.debut_le
    )
    return structure


@pytest.fixture
def lille(db):
    return CommuneFactory()


@pytest.fixture
def gestion(client: Client, responsable, cpts) -> Client:
    client.force_login(responsable)
    return client


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(CompteFactory(administrateur=True))
    return client
