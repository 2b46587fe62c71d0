"""Le contrat de sortie des mesures ; aucune durée n’est jugée ici."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import time_machine

from agenda.offre import rafraichir
from tests.agenda.factories import DisponibiliteFactory
from tests.annuaire.factories import SpecialiteFactory
from tests.mesures.execution import MESURES, executer, mesurer
from tests.mesures.lignes import Ligne, centile
from tests.mesures.reglages import LOCALE
from tests.participation.factories import ParticipationFactory

LUNDI_8H = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)
MINUSCULE = replace(LOCALE, recherches=2, agendas=1, prises=1, localisations=1, lignes_planning=12)
CLES = {"mesure", "valeur", "unite", "plancher", "ratio", "n", "echelle"}
RAPIDES = [
    "recherche_sql",
    "geocodage_local",
    "agenda_visible_ms",
    "import_planning",
    "prise_de_place",
    "requetes_par_page",
]


@pytest.fixture
def un_generaliste(db):
    """Un créneau saisi à Lille, lundi à 9 h, chez un participant."""
    with time_machine.travel(LUNDI_8H, tick=True):
        SpecialiteFactory()
        disponibilite = DisponibiliteFactory()
        ParticipationFactory(effecteur=disponibilite.lieu.effecteur)
        rafraichir([disponibilite.lieu_id], LUNDI_8H)
        yield disponibilite


@pytest.fixture
def statiques_rassembles(settings, tmp_path):
    (tmp_path / "staticfiles.json").touch()
    settings.STATIC_ROOT = tmp_path


@pytest.mark.parametrize("nom", RAPIDES)
def test_une_mesure_imprime_des_lignes_json_completes(nom, un_generaliste, statiques_rassembles, capsys):
    code = mesurer([nom], MINUSCULE)

    sortie = capsys.readouterr()
    lignes = [json.loads(ligne) for ligne in sortie.out.splitlines()]
    assert code == 0, sortie.err
    assert lignes
    for ligne in lignes:
        assert ligne.keys() - {"budget"} == CLES
        assert ligne["valeur"] > 0
        assert ligne["echelle"] == "locale"


def test_une_mesure_impossible_se_voit_au_code_de_sortie(db, capsys):
    code = mesurer(["recherche_sql", "geocodage_local"], MINUSCULE)

    sortie = capsys.readouterr()
    assert code == 1
    assert "recherche_sql : n’a pas pu se faire" in sortie.err
    assert "geocodage_local" in sortie.out


def test_un_nom_inconnu_est_refuse(capsys):
    with pytest.raises(SystemExit) as refus:
        executer(["--seulement", "recherche_magique"])

    assert refus.value.code == 2
    assert "recherche_magique" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("ligne", "ratio"),
    [
        pytest.param(Ligne("m", 3.0, "ms", n=1, plancher=2.0), 1.5, id="durée"),
        pytest.param(Ligne("m", 50.0, "lignes/s", n=1, plancher=200.0, debit=True), 4.0, id="débit"),
        pytest.param(Ligne("m", 3.0, "ms", n=1), None, id="sans plancher"),
    ],
)
def test_le_rapport_dit_combien_de_fois_on_depasse_le_plancher(ligne, ratio):
    assert json.loads(ligne.en_json("locale"))["ratio"] == ratio


@pytest.mark.parametrize(("rang", "attendu"), [(50, 50), (95, 95), (100, 100), (0, 1)])
def test_un_centile_est_une_valeur_observee(rang, attendu):
    assert centile(range(1, 101), rang) == attendu


def test_chaque_mesure_porte_le_nom_qu_on_lui_donne():
    assert all(fonction.__name__ == nom for nom, fonction in MESURES.items())
