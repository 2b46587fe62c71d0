import pytest
from django.apps import apps

from assistance.contenus import charger
from assistance.models import Theme
from tests.assistance.factories import TerritoireFactory


@pytest.fixture(autouse=True)
def _depots(settings, tmp_path):
    """Les fichiers d’un test vont dans son dossier, et n’y restent pas."""
    settings.MEDIA_ROOT = tmp_path / "depots"


@pytest.fixture
def contenus(db):
    """Thèmes, questions et guides livrés ; un test qui valide ses transactions les a effacés de la base."""
    if not Theme.objects.exists():
        charger(apps.get_model)


@pytest.fixture
def territoire():
    return TerritoireFactory(
        courriel_gestionnaires="gestionnaires@exemple.invalid", courriel_referents="referents@exemple.invalid"
    )
