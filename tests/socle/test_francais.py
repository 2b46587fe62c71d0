"""Jours et listes tels que le produit les écrit ; l’heure est dans `test_dates.py`, avec les gabarits."""

from __future__ import annotations

from datetime import date

import pytest

from sas_platform.socle.francais import enumerer, jour_long


@pytest.mark.parametrize(
    ("jour", "attendu"),
    [
        (date(2026, 11, 2), "lundi 2 novembre 2026"),
        (date(2026, 5, 1), "vendredi 1er mai 2026"),
        (date(2028, 2, 29), "mardi 29 février 2028"),
    ],
)
def test_un_jour_s_ecrit_en_toutes_lettres(jour, attendu):
    assert jour_long(jour) == attendu


@pytest.mark.parametrize(
    ("mots", "attendu"), [([], ""), (["a"], "a"), (["a", "b"], "a et b"), (["a", "b", "c"], "a, b et c")]
)
def test_une_liste_se_lit(mots, attendu):
    assert enumerer(mots) == attendu
