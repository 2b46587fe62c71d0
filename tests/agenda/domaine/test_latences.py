"""Les centiles des durées d’appel, comptées par classes."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenda.domaine.latences import BORNES, DUREE_MAX_MS, centile, classe, duree_ms


@given(
    st.lists(st.integers(0, DUREE_MAX_MS), min_size=1, max_size=200),
    st.sampled_from([1, 50, 90, 95, 99, 100]),
)
def test_un_centile_est_celui_de_la_liste_triee_a_cinq_pour_cent_pres(durees, pour_cent):
    exact = sorted(durees)[-(-pour_cent * len(durees) // 100) - 1]

    lu = centile(Counter(map(classe, durees)), pour_cent)

    assert abs(lu - exact) <= max(1, exact * 0.05)


@given(st.lists(st.integers(0, 10_000), min_size=1), st.lists(st.integers(0, 10_000)))
def test_les_classes_de_deux_heures_s_ajoutent(premieres, secondes):
    ensemble = Counter(map(classe, premieres)) + Counter(map(classe, secondes))

    assert centile(ensemble, 95) == centile(Counter(map(classe, premieres + secondes)), 95)


def test_les_classes_se_suivent_sans_trou_ni_recouvrement():
    assert len(BORNES) < 120
    assert [classe(borne) for borne in BORNES] == list(range(len(BORNES)))
    assert [classe(borne + 1) for borne in BORNES[:-1]] == list(range(1, len(BORNES)))


def test_une_duree_demesuree_reste_dans_la_derniere_classe():
    assert duree_ms(classe(10**9)) == pytest.approx(DUREE_MAX_MS, rel=0.05)


@pytest.mark.parametrize("nombres", [{}, {4: 0}], ids=["rien", "zéro appel"])
def test_sans_appel_il_n_y_a_pas_de_centile(nombres):
    assert centile(nombres, 50) is None


@pytest.mark.parametrize("pour_cent", [0, 101])
def test_un_centile_impossible_est_refuse(pour_cent):
    with pytest.raises(ValueError, match="de 1 à 100"):
        centile({1: 1}, pour_cent)
