import pytest

from agenda.editeurs.valeurs import borner, telephone_normalise


@pytest.mark.parametrize(
    ("brut", "attendu"),
    [
        ("+33553000000", "+33553000000"),
        ("05 53.00-00 00", "+33553000000"),
        ("0033 5 53 00 00 00", "+33553000000"),
        ("+33 (0)5 53 00 00 00", "+33553000000"),
        ("0262 12 34 56", "+262262123456"),
        ("0690123456", "+590690123456"),
        ("+32470123456", "+32470123456"),
        ("15", ""),
        ("demander Marie", ""),
        ("+33" + "5" * 500, ""),
        ("", ""),
    ],
)
def test_le_telephone_est_ramene_a_sa_forme_internationale_ou_cache(brut, attendu):
    assert telephone_normalise(brut) == attendu


def test_un_texte_borne_tient_sur_une_ligne_sans_signe_invisible():
    assert borner("a\u202eb\u0000\n\tc   d", 6) == "a b c"
