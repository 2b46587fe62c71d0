"""Aucune valeur masquée ne se déduit de ce qui est publié, la règle elle-même étant connue."""

from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remuneration.domaine.masquage import SEUIL, masquer

# Beaucoup de petits, et des grands qui se suivent de près : là où une différence en dit le plus.
VALEUR = st.integers(min_value=0, max_value=10) | st.integers(min_value=SEUIL, max_value=40)


def compatibles(publiees: dict[str, int | None], total: int) -> Iterator[dict[str, int]]:
    """Toutes les tables qui, masquées par la même règle, donneraient cette publication."""
    trous = [cle for cle, valeur in publiees.items() if valeur is None]
    reste = total - sum(v for v in publiees.values() if v is not None)
    for essai in product(range(reste + 1), repeat=len(trous) - 1):
        if sum(essai) <= reste:
            table = dict(publiees) | dict(zip(trous, [*essai, reste - sum(essai)], strict=True))
            if masquer(table, total) == (publiees, total):
                yield table


@settings(max_examples=60, deadline=None)
@given(st.lists(VALEUR, min_size=2, max_size=4))
def test_un_petit_nombre_ne_se_deduit_pas_meme_en_sachant_lesquels_sont_petits(valeurs):
    """L’adversaire connaît la règle et la publication, et devine quels territoires sont petits : il n’en apprend rien,
    sinon, au pire, qu’un nombre n’est pas nul."""
    parts = {f"t{rang}": valeur for rang, valeur in enumerate(valeurs)}
    petites = {cle for cle, n in parts.items() if n < SEUIL}
    publiees, total = masquer(parts, sum(valeurs))
    if total is None or not petites or list(publiees.values()).count(None) > 3:
        return  # rien de publié, rien de petit, ou trop de tables à énumérer : et bien plus de doutes qu’avec trois

    possibles = [t for t in compatibles(publiees, total) if {c for c, n in t.items() if n < SEUIL} == petites]

    for cle in petites:
        assert len({table[cle] for table in possibles}) >= SEUIL - 1, (parts, publiees)


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
        pytest.param(
            {"a": 0, "b": 11, "c": 60},
            71,
            ({"a": None, "b": None, "c": None}, 71),
            id="la différence dirait zéro : le suivant aussi",
        ),
        pytest.param(
            {"a": 10, "b": 50, "c": 51, "d": 90},
            201,
            ({"a": None, "b": None, "c": None, "d": 90}, 201),
            id="moins que le suivant : il n’en resterait que dix",
        ),
        pytest.param({"a": 0, "b": 15}, 15, ({"a": None, "b": None}, None), id="pas de quoi cacher"),
    ],
)
def test_ce_que_l_on_publie(parts, total, attendu):
    assert masquer(parts, total) == attendu
