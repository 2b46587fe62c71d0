import pytest
from hypothesis import given
from hypothesis import strategies as st

from orientation.domaine.delais import TRANCHES, mediane_min, tranche
from orientation.enums import SuiteRecherche


@pytest.mark.parametrize(
    ("minutes", "nom"),
    [(-5, "0-1"), (0, "0-1"), (59, "0-1"), (60, "1-2"), (1439, "12-24"), (1440, "24-48"), (9999, "48-96")],
)
def test_un_delai_a_sa_tranche(minutes, nom):
    assert tranche(minutes) == nom


def test_chaque_tranche_est_une_suite_de_recherche():
    assert set(TRANCHES.values()) <= set(SuiteRecherche.values)


@pytest.mark.parametrize(
    ("nombres", "mediane"),
    [
        pytest.param({}, None, id="aucune recherche"),
        pytest.param({"sans_resultat": 4}, None, id="aucun créneau"),
        pytest.param({"0-1": 1}, 30, id="une seule"),
        pytest.param({"0-1": 10, "24-48": 10}, 60, id="à la limite"),
        pytest.param({"0-1": 1, "2-4": 2, "24-48": 1}, 180, id="au milieu d’une tranche"),
    ],
)
def test_la_mediane_est_dans_la_tranche_du_milieu(nombres, mediane):
    assert mediane_min(nombres) == mediane


@given(st.lists(st.integers(min_value=0, max_value=5000), min_size=1))
def test_la_mediane_est_dans_la_tranche_de_la_vraie(delais):
    nombres: dict[str, int] = {}
    for delai in delais:
        nombres[tranche(delai)] = nombres.get(tranche(delai), 0) + 1

    mediane = mediane_min(nombres)

    basse = sorted(delais)[(len(delais) - 1) // 2]
    bornes = dict(zip(TRANCHES.values(), [*list(TRANCHES)[1:], 5760], strict=True))
    assert mediane is not None
    assert next(d for d, n in TRANCHES.items() if n == tranche(basse)) <= mediane <= bornes[tranche(basse)]
