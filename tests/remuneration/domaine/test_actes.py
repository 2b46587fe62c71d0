from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remuneration.domaine.actes import montant_des_majorations, reclamables, restant

SNP, SOIREE, VISITE = "majoration_snp", "majoration_soiree", "majoration_visite"
PLAFONDS = {SNP: 30, SOIREE: 30, VISITE: None}  # FAQ du 30/01/2023, niveau 2 : 30 par semaine


@pytest.mark.parametrize(
    ("majorations", "rang", "attendues"),
    [
        pytest.param([SNP, SOIREE], 30, [SNP, SOIREE], id="trentième de la semaine"),
        pytest.param([SNP, SOIREE, VISITE], 31, [VISITE], id="plafond dépassé"),
        pytest.param([], None, [], id="n’ouvre droit à rien"),
    ],
)
def test_le_plafond_de_la_semaine_limite_ce_qui_se_reclame(majorations, rang, attendues):
    assert reclamables(majorations, rang, PLAFONDS) == attendues


@given(st.integers(0, 60))
def test_on_ne_reclame_jamais_plus_que_le_plafond(actes):
    reclames = sum(SNP in reclamables([SNP], rang, PLAFONDS) for rang in range(1, actes + 1))

    assert reclames == min(actes, 30)
    assert reclames + restant(actes, 30) == 30


def test_sans_plafond_rien_ne_se_decompte():
    assert restant(12, None) is None


def test_quinze_euros_par_consultation():
    assert montant_des_majorations(30, Decimal("15.00")) == Decimal(450)
    assert montant_des_majorations(0, Decimal("15.00")) == 0
    with pytest.raises(ValueError, match="négatif"):
        montant_des_majorations(-1, Decimal(15))
