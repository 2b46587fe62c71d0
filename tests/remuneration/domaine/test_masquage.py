"""Aucune valeur masquée ne se déduit de ce qui est publié, la règle elle-même étant connue."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remuneration.domaine.masquage import SEUIL, masquer

VALEUR = st.integers(min_value=0, max_value=24)


def compatibles(publiees: dict[str, int | None], total: int | None) -> list[dict[str, int]]:
    """Toutes les tables (total jusqu’à 80) qui, masquées par la même règle, donneraient cette publication."""
    trous = [cle for cle, valeur in publiees.items() if valeur is None]
    reste = None if total is None else total - sum(v for v in publiees.values() if v is not None)
    plafond = 26 if reste is None else reste
    trouvees = []
    for essai in product(range(plafond + 1), repeat=len(trous) - (reste is not None)):
        valeurs = list(essai) if reste is None else [*essai, reste - sum(essai)]
        if valeurs and valeurs[-1] < 0:
            continue
        table = {cle: v for cle, v in publiees.items() if v is not None} | dict(
            zip(trous, valeurs, strict=True)
        )
        if masquer(table, sum(table.values())) == (publiees, total):
            trouvees.append(table)
    return trouvees


@settings(max_examples=60)
@given(st.lists(VALEUR, min_size=2, max_size=4))
def test_aucune_case_masquee_ne_se_deduit(valeurs):
    parts = {f"t{rang}": valeur for rang, valeur in enumerate(valeurs)}
    publiees, total = masquer(parts, sum(valeurs))
    trous = [cle for cle, valeur in publiees.items() if valeur is None]
    if len(trous) == 4:
        return  # quatre inconnues : trop de tables à énumérer, et bien plus de doutes qu’avec trois

    possibles = compatibles(publiees, total) if trous else []

    for cle in trous:
        assert len({table[cle] for table in possibles}) > 1, (parts, publiees, total)


@given(st.lists(st.integers(min_value=0, max_value=10_000), min_size=1, max_size=30))
def test_rien_de_petit_n_est_publie_et_le_reste_est_exact(valeurs):
    parts = dict(enumerate(valeurs))
    publiees, total = masquer(parts, sum(valeurs))

    assert all(v is None or (v >= SEUIL and v == parts[cle]) for cle, v in publiees.items())
    assert total in (None, sum(valeurs))


@pytest.mark.parametrize(
    ("parts", "total", "attendu"),
    [
        pytest.param({"a": 50, "b": 60}, 110, ({"a": 50, "b": 60}, 110), id="rien de petit"),
        pytest.param(
            {"a": 3, "b": 50, "c": 60},
            113,
            ({"a": None, "b": None, "c": 60}, 113),
            id="le plus petit suivant",
        ),
        pytest.param(
            {"a": 3, "b": 50, "c": 50}, 103, ({"a": None, "b": None, "c": None}, 103), id="les égaux aussi"
        ),
        pytest.param(
            {"a": 10, "b": 10}, 20, ({"a": None, "b": None}, None), id="que des petits : le total aussi"
        ),
        pytest.param({"a": 4, "b": 0}, 4, ({"a": None, "b": None}, None), id="un petit total"),
        pytest.param({}, 40, ({}, 40), id="sans part"),
    ],
)
def test_ce_que_l_on_publie(parts, total, attendu):
    assert masquer(parts, total) == attendu
