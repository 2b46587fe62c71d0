import pytest

from annuaire.domaine.territoire import METROPOLE, departements_du_code_postal, est_en_france, territoire


@pytest.mark.parametrize(
    ("code_postal", "departements"),
    [
        pytest.param("59000", ["59"], id="métropole"),
        pytest.param("01000", ["01"], id="zéro devant"),
        pytest.param("20090", ["2A", "2B"], id="Corse"),
        pytest.param("97400", ["974"], id="La Réunion"),
        pytest.param("98714", ["987"], id="Polynésie"),
    ],
)
def test_un_code_postal_dit_son_departement(code_postal, departements):
    assert departements_du_code_postal(code_postal) == departements


@pytest.mark.parametrize(
    ("lat", "lon", "attendu"),
    [
        pytest.param(50.63, 3.05, METROPOLE, id="Lille"),
        pytest.param(-20.88, 55.45, "974", id="Saint-Denis de La Réunion"),
        pytest.param(40.71, -74.0, None, id="New York"),
        pytest.param(0.0, 0.0, None, id="zéro, zéro"),
    ],
)
def test_un_point_est_d_un_territoire_ou_hors_de_france(lat, lon, attendu):
    assert territoire(lat, lon) == attendu
    assert est_en_france(lat, lon) is (attendu is not None)
