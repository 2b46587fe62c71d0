import pytest

from tests.annuaire.factories import CommuneFactory, ProfessionFactory


@pytest.fixture(autouse=True)
def _reference(db):
    CommuneFactory()
    CommuneFactory(reunion=True)
    ProfessionFactory()
    ProfessionFactory(sage_femme=True)


@pytest.fixture
def fichier(tmp_path):
    return tmp_path / "PS_LibreAcces_Personne_activite_202610080800.txt"
