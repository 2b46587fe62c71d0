"""Le territoire où l’on consulte, tel que l’établit le serveur."""

import pytest

from orientation.destinataires import territoire_de_la_commune
from tests.annuaire.factories import CommuneFactory, TerritoireFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def lille():
    return CommuneFactory()


def test_hors_de_tout_territoire_il_n_y_en_a_pas(lille):
    TerritoireFactory()

    assert territoire_de_la_commune(lille) is None


def test_dans_un_departement_partage_le_territoire_qui_nomme_la_commune_l_emporte(lille):
    TerritoireFactory(departements=[lille.departement])
    metropole = TerritoireFactory(communes=[lille])

    assert territoire_de_la_commune(lille) == metropole


def test_un_arrondissement_est_nomme_avec_sa_ville(lille):
    TerritoireFactory(departements=[lille.departement])
    metropole = TerritoireFactory(communes=[lille])
    arrondissement = CommuneFactory(code_insee="59355", nom="Lomme", commune_parente=lille)

    assert territoire_de_la_commune(arrondissement) == metropole


def test_dans_un_departement_partage_sans_que_personne_ne_nomme_la_commune_le_premier_vaut(lille):
    premier = TerritoireFactory(departements=[lille.departement])
    TerritoireFactory(departements=[lille.departement])

    assert territoire_de_la_commune(lille) == premier
