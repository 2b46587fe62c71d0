from datetime import date

import pytest

from sas_platform.socle.durees import Duree


@pytest.mark.parametrize(
    ("texte", "jour", "attendu"),
    [
        pytest.param("12 mois", date(2026, 3, 17), date(2025, 3, 17), id="un an"),
        pytest.param("24 mois", date(2026, 1, 31), date(2024, 1, 31), id="deux ans"),
        pytest.param("1 mois", date(2026, 3, 31), date(2026, 2, 28), id="jour absent du mois d’avant"),
        pytest.param("12 mois", date(2028, 2, 29), date(2027, 2, 28), id="29 février"),
        pytest.param("6 mois", date(2026, 5, 17), date(2025, 11, 17), id="à cheval sur deux années"),
        pytest.param("30 jours", date(2026, 3, 17), date(2026, 2, 15), id="en jours"),
        pytest.param("1 jour", date(2026, 3, 1), date(2026, 2, 28), id="un seul jour"),
    ],
)
def test_une_duree_se_compte_sur_le_calendrier(texte, jour, attendu):
    assert Duree.lire(texte).avant(jour) == attendu
    assert str(Duree.lire(texte)) == texte


@pytest.mark.parametrize(
    "texte", ["", "12", "un an", "0 mois", "-3 mois", "12 mois et demi", "1.5 mois", "99999 jours"]
)
def test_une_duree_mal_ecrite_est_refusee(texte):
    with pytest.raises(ValueError, match="écrivez"):
        Duree.lire(texte)
