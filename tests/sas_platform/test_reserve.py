"""Une connexion de la réserve que le serveur a close n’arrive à personne."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

pytestmark = pytest.mark.django_db


@pytest.fixture
def en_reserve() -> Iterator[BaseDatabaseWrapper]:
    """La base de l’essai, par une réserve d’une connexion."""
    base = connection.copy()
    base.settings_dict["OPTIONS"] |= {"pool": {"min_size": 1, "max_size": 1, "timeout": 3}}
    yield base
    base.close()
    base.close_pool()


def processus(base: BaseDatabaseWrapper) -> int:
    """Numéro du processus du serveur qui répond ; la connexion est ensuite rendue."""
    with base.cursor() as curseur:
        curseur.execute("SELECT pg_backend_pid()")
        (numero,) = curseur.fetchone()
    base.close()
    return int(numero)


def test_une_connexion_rendue_ressert(en_reserve):
    assert processus(en_reserve) == processus(en_reserve)


def test_une_connexion_que_le_serveur_a_close_est_remplacee(en_reserve):
    ancien = processus(en_reserve)
    with connection.cursor() as curseur:
        curseur.execute("SELECT pg_terminate_backend(%s, 5000)", [ancien])

    assert processus(en_reserve) != ancien


def test_l_emprunter_ne_demande_rien_au_serveur(en_reserve):
    numero = processus(en_reserve)
    en_reserve.ensure_connection()

    with connection.cursor() as curseur:
        curseur.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [numero])
        assert curseur.fetchone() == ("SELECT pg_backend_pid()",)
