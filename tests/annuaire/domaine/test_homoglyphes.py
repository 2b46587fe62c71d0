"""Signes qui se prennent pour d’autres."""

from __future__ import annotations

import pytest

from annuaire.domaine.homoglyphes import nommer, signe_etranger


@pytest.mark.parametrize(
    ("signe", "nom"),
    [
        ("\u0430", "« \u0430 » (cyrillique, U+0430)"),
        ("\u03bf", "« \u03bf » (grec, U+03BF)"),
        ("=", "« = » (U+003D)"),
    ],
)
def test_un_signe_suspect_se_nomme_en_francais(signe, nom):
    assert signe_etranger(f"Martin{signe}") == signe
    assert nommer(signe) == nom


@pytest.mark.parametrize("nom", ["Lenoir-Bartholdi", "d’Ŷs", "Œuvray", "O'Neil", "Nguyễn"])
def test_un_nom_accentue_n_a_aucun_signe_suspect(nom):
    assert signe_etranger(nom) == ""
