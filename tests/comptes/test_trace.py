"""La trace : en ajout seul, chaînée, vérifiable."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction

from comptes.actions import tracer
from comptes.models import Trace
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def trois_lignes() -> list[int]:
    compte = CompteFactory()
    return [tracer(acteur=compte, verbe="essai", objet=f"essai:{n}", rang=n).pk for n in range(3)]


def en_douce(sql: str, *parametres: object) -> None:
    """Ce que ferait un administrateur de la base : passer outre les déclencheurs."""
    with connection.cursor() as curseur:
        curseur.execute("SET LOCAL session_replication_role = replica")
        curseur.execute(sql, parametres)
        curseur.execute("SET LOCAL session_replication_role = origin")


def test_la_trace_entiere_se_verifie(trois_lignes, capsys):
    call_command("verifier_trace")

    assert capsys.readouterr().out == "Trace entière : 3 ligne(s).\n"


def test_la_trace_vide_se_verifie(capsys):
    call_command("verifier_trace")

    assert "0 ligne" in capsys.readouterr().out


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("UPDATE comptes_trace SET verbe = 'autre' WHERE id = %s", id="verbe"),
        pytest.param("UPDATE comptes_trace SET details = '{}' WHERE id = %s", id="détails"),
        pytest.param("UPDATE comptes_trace SET le = le - interval '1 day' WHERE id = %s", id="date"),
        pytest.param("UPDATE comptes_trace SET acteur_id = NULL WHERE id = %s", id="acteur"),
    ],
)
def test_une_ligne_modifiee_en_douce_est_designee(trois_lignes, capsys, sql):
    en_douce(sql, trois_lignes[1])

    with pytest.raises(CommandError, match="rompue"):
        call_command("verifier_trace")
    assert f"ligne {trois_lignes[1]} " in capsys.readouterr().err


def test_une_ligne_retiree_en_douce_se_voit_sur_la_suivante(trois_lignes, capsys):
    en_douce("DELETE FROM comptes_trace WHERE id = %s", trois_lignes[1])

    with pytest.raises(CommandError):
        call_command("verifier_trace")
    assert f"ligne {trois_lignes[2]} " in capsys.readouterr().err


@pytest.mark.parametrize(
    "geste",
    [
        pytest.param(lambda: Trace.objects.update(verbe="autre"), id="modifier"),
        pytest.param(lambda: Trace.objects.all().delete(), id="effacer"),
        pytest.param(lambda: connection.cursor().execute("TRUNCATE comptes_trace"), id="vider"),
    ],
)
def test_la_base_refuse_de_changer_la_trace(trois_lignes, geste):
    with pytest.raises(DatabaseError), transaction.atomic():
        geste()
    assert Trace.objects.count() == 3
