"""Une instruction envoyée sans attendre se lit plus tard, et son échec ne gâte pas la connexion."""

import pytest
from django.db import DataError, connection

from sas_platform.socle.envol import en_vol

pytestmark = pytest.mark.django_db(transaction=True)


def un() -> int:
    with connection.cursor() as curseur:
        curseur.execute("SELECT 1")
        return curseur.fetchone()[0]


def test_une_autre_instruction_se_joue_avant_que_la_premiere_soit_lue():
    with connection.cursor() as curseur, en_vol():
        curseur.execute("SELECT generate_series(1, 3)")
        assert un() == 1
        assert curseur.fetchall() == [(1,), (2,), (3,)]


def diviser_par_zero() -> None:
    with connection.cursor() as curseur, en_vol():
        curseur.execute("SELECT 1 / %s::int", [0])
        curseur.fetchall()


def abandonner() -> None:
    with connection.cursor() as curseur, en_vol():
        curseur.execute("SELECT generate_series(1, 1000)")
        raise ZeroDivisionError


def test_son_erreur_se_leve_a_la_lecture_et_la_connexion_ressert():
    with pytest.raises(DataError):
        diviser_par_zero()

    assert un() == 1


def test_une_reponse_jamais_lue_ne_gate_pas_la_suivante():
    with pytest.raises(ZeroDivisionError):
        abandonner()

    assert un() == 1
