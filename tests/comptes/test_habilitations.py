"""Un rôle vaut sur sa période, sur un compte actif, et pas au-delà."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.db import IntegrityError

from comptes.enums import Role
from tests.comptes.factories import CompteFactory, HabilitationFactory

pytestmark = pytest.mark.django_db
FIN = datetime(2026, 6, 30, tzinfo=UTC)  # trait `finie` de la fabrique
DEBUT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "roles"),
    [
        pytest.param(datetime(2025, 12, 31, 23, 59, tzinfo=UTC), set(), id="la veille du début"),
        pytest.param(DEBUT, {Role.OSNP}, id="au début, compris"),
        pytest.param(datetime(2026, 6, 29, 23, 59, tzinfo=UTC), {Role.OSNP}, id="avant la fin"),
        pytest.param(FIN, set(), id="à la fin, exclue"),
    ],
)
def test_un_role_vaut_de_son_debut_compris_a_sa_fin_exclue(instant, roles):
    compte = HabilitationFactory(finie=True).compte

    with time_machine.travel(instant, tick=False):
        assert compte.roles == roles


def test_un_compte_desactive_n_a_plus_de_role():
    assert CompteFactory(osnp=True, inactif=True).roles == frozenset()


def test_un_role_fini_peut_etre_rendu_mais_pas_accorde_deux_fois():
    finie = HabilitationFactory(finie=True)
    HabilitationFactory(compte=finie.compte, debut_le=FIN)

    with pytest.raises(IntegrityError, match="habilitation_role_ouvert_une_fois"):
        HabilitationFactory(compte=finie.compte, debut_le=FIN)
