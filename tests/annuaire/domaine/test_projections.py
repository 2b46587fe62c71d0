import pytest

from annuaire.domaine.projections import coordonnees, wgs84_de_lambert93, wgs84_de_utm


def test_l_origine_du_lambert_93_est_a_trois_degres_est():
    assert wgs84_de_lambert93(700_000, 6_600_000) == (pytest.approx(46.5, abs=1e-6), pytest.approx(3.0))


def test_la_tour_eiffel_en_lambert_93():
    assert wgs84_de_lambert93(648_237, 6_862_272) == (
        pytest.approx(48.8584, abs=0.0002),
        pytest.approx(2.2945, abs=0.0002),
    )


def test_le_meridien_central_de_l_utm():
    assert wgs84_de_utm(500_000, 7_665_000, 40, sud=True) == (
        pytest.approx(-21.1, abs=0.05),
        pytest.approx(57.0),
    )


@pytest.mark.parametrize(
    ("un", "autre", "departement"),
    [
        pytest.param(50.63, 3.05, "", id="latitude d’abord"),
        pytest.param(3.05, 50.63, "", id="longitude d’abord"),
        pytest.param(704_000, 7_059_000, "", id="Lambert-93"),
        pytest.param(7_059_000, 704_000, "", id="Lambert-93 échangé"),
    ],
)
def test_un_couple_est_reconnu_a_ses_valeurs(un, autre, departement):
    lat, lon = coordonnees(un, autre, departement)

    assert (lat, lon) == (pytest.approx(50.63, abs=0.01), pytest.approx(3.05, abs=0.01))


@pytest.mark.parametrize(("un", "autre"), [(0, 0), (1, 2), (48.8, 120.0), (10**9, 10**9), (-1, -1)])
def test_un_couple_absurde_est_refuse(un, autre):
    assert coordonnees(un, autre, "") is None
