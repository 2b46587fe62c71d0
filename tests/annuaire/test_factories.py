"""Chaque fabrique et chaque trait donnent un objet que la base accepte."""

import pytest

from comptes.enums import Role
from tests.agenda.factories import (
    AgendaEditeurFactory,
    DisponibiliteFactory,
    IndisponibiliteFactory,
    LotFactory,
    RaccordementFactory,
    ReservationFactory,
)
from tests.annuaire.factories import (
    CommuneFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    SpecialiteFactory,
    StructureFactory,
)
from tests.comptes.factories import CompteFactory, HabilitationFactory, JetonFactory
from tests.participation.factories import ParticipationFactory, ParticipationStructureFactory

pytestmark = pytest.mark.django_db

FABRIQUES = [
    AgendaEditeurFactory,
    CommuneFactory,
    CompteFactory,
    DisponibiliteFactory,
    EffecteurFactory,
    HabilitationFactory,
    IndisponibiliteFactory,
    JetonFactory,
    LieuExerciceFactory,
    LotFactory,
    ParticipationFactory,
    ParticipationStructureFactory,
    RaccordementFactory,
    ReservationFactory,
    SpecialiteFactory,
    StructureFactory,
]
CAS = [
    pytest.param(fabrique, trait, id=f"{fabrique.__name__} {trait or 'simple'}")
    for fabrique in FABRIQUES
    for trait in (None, *fabrique._meta.parameters)
]


@pytest.mark.parametrize(("fabrique", "trait"), CAS)
def test_une_fabrique_donne_un_objet_valide(fabrique, trait):
    objet = fabrique(**({trait: True} if trait else {}))

    objet.validate_constraints()


def test_deux_fabriques_partagent_les_tables_de_reference():
    premier, second = LieuExerciceFactory(), LieuExerciceFactory()

    assert premier.commune == second.commune
    assert premier.effecteur != second.effecteur


def test_un_compte_recoit_son_role():
    assert CompteFactory(osnp=True).roles == {"osnp"}
    assert CompteFactory(role=Role.IOA).roles == {"ioa"}
    assert CompteFactory().roles == frozenset()
