import pytest
from django.apps import apps

from assistance.contenus import charger
from assistance.models import Theme


@pytest.fixture(autouse=True)
def _depots(settings, tmp_path):
    """Les fichiers d’un test vont dans son dossier, et n’y restent pas."""
    settings.MEDIA_ROOT = tmp_path / "depots"


@pytest.fixture
def contenus(db):
    """Thèmes, questions et guides livrés ; un test qui valide ses transactions les a effacés de la base."""
    if not Theme.objects.exists():
        charger(apps.get_model)
