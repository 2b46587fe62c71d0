"""Aucune ligne du kit ne manque, et chacune dit où elle est rejouée."""

import importlib
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.kit.liste import AILLEURS, LIGNES
from tests.kit.miroir import BUNDLE, GARDES
from tests.kit.mutations import REJETS

RACINE = Path(__file__).parents[2]
# Combien de lignes compte chaque groupe du kit.
PAR_GROUPE = {
    "1.1": 5, "1.2": 1, "2": 6, "3": 1, "4.1": 1, "4.2": 2, "4.3": 13, "4.4": 8, "4.5": 4, "4.6": 6,
    "4.7": 3, "4.8.1": 7, "4.8.2": 7, "4.9": 3, "5": 16, "6.1": 3, "6.2": 1,
}  # fmt: skip


def _rejouees() -> Counter[str]:
    numeros: Counter[str] = Counter()
    for fichier in sorted(Path(__file__).parent.glob("test_*.py")):
        module = importlib.import_module(f"tests.kit.{fichier.stem}")
        for nom, test in vars(module).items():
            if nom.startswith("test_"):
                numeros.update(getattr(test, "lignes", ()))
    return numeros


def test_chaque_ligne_est_rejouee_ou_dit_pourquoi_elle_ne_l_est_pas():
    rejouees = set(_rejouees())

    assert rejouees | AILLEURS.keys() == LIGNES.keys()
    assert not rejouees & AILLEURS.keys()


def test_les_lignes_d_un_groupe_se_suivent_sans_trou():
    lues = Counter(numero.rpartition(".")[0] for numero in LIGNES)

    assert lues == PAR_GROUPE
    for groupe, nombre in PAR_GROUPE.items():
        assert [f"{groupe}.{rang:02}" for rang in range(1, nombre + 1)] == [
            numero for numero in LIGNES if numero.rpartition(".")[0] == groupe
        ]


@pytest.mark.parametrize(("raison", "ou"), sorted(set(AILLEURS.values())))
def test_ce_qui_n_est_pas_rejoue_ici_dit_pourquoi_et_ou(raison, ou):
    assert raison
    assert not ou or (RACINE / ou).is_file()


def test_un_test_nomme_d_une_ligne_la_declare():
    for fichier in sorted(Path(__file__).parent.glob("test_*.py")):
        module = importlib.import_module(f"tests.kit.{fichier.stem}")
        for nom, test in vars(module).items():
            if re.match(r"test_\d", nom):
                assert getattr(test, "lignes", ()), nom


# --- Le miroir : ce que notre consommateur doit supporter ---------------------------------


@pytest.mark.parametrize("test", sorted({*BUNDLE.values(), *GARDES.values()}))
def test_chaque_ligne_du_guide_de_lecture_a_son_test(test):
    fichier, _, nom = test.partition("::")

    assert f"\ndef {nom}(" in (RACINE / fichier).read_text()


def test_chaque_rejet_dit_la_ligne_qu_il_reflete():
    """Une ligne du kit, ou un paragraphe du guide là où le kit ne dit rien (SOS Médecins, doublons)."""
    assert {rejet.miroir for rejet in REJETS} <= LIGNES.keys() | {"5.1", "5.2", "13.2"}
