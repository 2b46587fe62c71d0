"""Les sommes et les quantités telles qu’on les lit."""

from decimal import Decimal

import pytest

from remuneration.domaine.ecriture import accorder, euros


@pytest.mark.parametrize(
    ("montant", "ecrit"),
    [
        pytest.param(Decimal("1400.00"), "1\u00a0400\u00a0€", id="milliers, sans centimes"),
        pytest.param(Decimal("1234567.05"), "1\u00a0234\u00a0567,05\u00a0€", id="millions, cinq centimes"),
        pytest.param(Decimal("12.50"), "12,50\u00a0€", id="centimes"),
        pytest.param(Decimal("-140"), "−140\u00a0€", id="négatif"),
        pytest.param(0, "0\u00a0€", id="zéro"),
    ],
)
def test_une_somme_s_ecrit_en_francais(montant, ecrit):
    assert euros(montant) == ecrit


def test_zero_et_un_sont_au_singulier():
    assert [accorder(n, "acte") for n in (0, 1, 2)] == ["0\u00a0acte", "1\u00a0acte", "2\u00a0actes"]
    assert accorder(2, "acte compté", "actes comptés") == "2\u00a0actes comptés"
