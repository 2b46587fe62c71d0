"""Les règles semées par la migration, même après un test qui a vidé la base."""

from importlib import import_module

import pytest
from django.apps import apps

from remuneration.models import Regle


@pytest.fixture
def regles_semees(db: None) -> list[Regle]:
    if not Regle.objects.exists():
        import_module("remuneration.migrations.0002_regles_des_textes").semer(apps, None)
    return list(Regle.objects.order_by("prestation", "debut"))
