from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remuneration.domaine.periodes import annee_de, bornes, lundi_de, semaines_de, trimestre_de

JOURS = st.dates(date(2000, 1, 1), date(2090, 12, 31))


@pytest.mark.parametrize(
    ("code", "attendues"),
    [
        ("2026T1", (date(2026, 1, 1), date(2026, 4, 1))),
        ("2026T4", (date(2026, 10, 1), date(2027, 1, 1))),
        ("2026", (date(2026, 1, 1), date(2027, 1, 1))),
    ],
)
def test_une_periode_est_civile(code, attendues):
    assert bornes(code) == attendues


@pytest.mark.parametrize("code", ["2026T5", "2026T", "26T1", "2026T0", "T3", "", "2026T11", "²026"])
def test_un_code_mal_forme_est_refuse(code):
    with pytest.raises(ValueError, match="n’est ni un trimestre"):
        bornes(code)


@given(JOURS)
def test_un_jour_est_dans_son_trimestre_et_son_annee(jour):
    for code in (trimestre_de(jour), annee_de(jour)):
        debut, fin = bornes(code)
        assert debut <= jour < fin


@given(st.integers(2000, 2090))
def test_chaque_semaine_iso_est_a_une_seule_annee(annee):
    ici = semaines_de(*bornes(str(annee)))
    ensuite = semaines_de(*bornes(str(annee + 1)))

    assert {(lundi.isocalendar().year, lundi.isoweekday()) for lundi in ici} == {(annee, 1)}
    assert (ensuite[0] - ici[-1]).days == 7
    assert len(ici) in (52, 53)


@given(JOURS)
def test_le_lundi_d_une_semaine_la_precede_de_six_jours_au_plus(jour):
    assert lundi_de(jour).isoweekday() == 1
    assert 0 <= (jour - lundi_de(jour)).days <= 6
