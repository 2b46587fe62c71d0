from collections.abc import Iterator

import pytest
from django.db import connection

from annuaire.actions.referentiels import charger_referentiels


@pytest.fixture(scope="module")
def referentiels(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Tables de référence complètes, chargées une fois par fichier de tests, retirées ensuite."""
    with django_db_blocker.unblock():
        charger_referentiels(ecrire=True, signaler=lambda ligne: None)
        with connection.cursor() as curseur:
            curseur.execute("ANALYZE annuaire_commune")
    yield
    with django_db_blocker.unblock(), connection.cursor() as curseur:
        curseur.execute(
            "TRUNCATE annuaire_departement, annuaire_commune, annuaire_profession, annuaire_specialite, annuaire_besoin"
            " CASCADE"
        )
