"""Jours et listes tels que le produit les écrit ; l’heure est dans `test_dates.py`, avec les gabarits."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from sas_platform.socle.francais import enumerer, jour_long, periode


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


@pytest.mark.parametrize(
    ("debut", "fin", "attendu"),
    [
        ((20, 0), (25, 0), "du 20/12/2026 au 24/12/2026"),
        ((20, 0), (21, 0), "le 20/12/2026"),
        ((20, 9), (20, 12), "le 20/12/2026 de 9\u00a0h à 12\u00a0h"),
        ((20, 9), (21, 12), "du 20/12/2026 à 9\u00a0h au 21/12/2026 à 12\u00a0h"),
        ((20, 9), (21, 0), "du 20/12/2026 à 9\u00a0h au 21/12/2026 à 0\u00a0h"),
        ((20, 9), None, "depuis le 20/12/2026, pour une durée indéterminée"),
    ],
)
def test_une_periode_se_lit_par_ses_jours_et_ses_heures(debut, fin, attendu):
    bornes = [borne and datetime(2026, 12, *borne, tzinfo=UTC) for borne in (debut, fin)]

    assert periode(*bornes) == attendu
