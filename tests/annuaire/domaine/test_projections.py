import pytest

from annuaire.domaine.projections import coordonnees, wgs84_de_lambert93, wgs84_de_utm


def test_l_origine_du_lambert_93_est_a_trois_degres_est():
    assert wgs84_de_lambert93(700_000, 6_600_000) == (pytest.approx(46.5, abs=1e-6), pytest.approx(3.0))


def test_la_tour_eiffel_en_lambert_93():
    assert wgs84_de_lambert93(648_237, 6_862_272) == (
        pytest.approx(48.8584, abs=0.0002),
        pytest.approx(2.2945, abs=0.0002),
    )


@pytest.mark.parametrize(
    ("x", "y", "lat", "lon"),
    [
        pytest.param(656_187.5, 7_104_472.9, 51.0344, 2.3768, id="Dunkerque"),
        pytest.param(146_633.0, 6_836_262.3, 48.3904, -4.4861, id="Brest"),
        pytest.param(1_043_410.2, 6_299_400.0, 43.7102, 7.2620, id="Nice"),
        pytest.param(1_216_169.2, 6_051_837.1, 41.3871, 9.1594, id="Bonifacio"),
    ],
)
def test_le_lambert_93_aux_quatre_coins_au_metre_pres(x, y, lat, lon):
    """Valeurs de PROJ, EPSG:2154."""
    assert wgs84_de_lambert93(x, y) == (pytest.approx(lat, abs=1e-5), pytest.approx(lon, abs=1e-5))


@pytest.mark.parametrize(
    ("x", "y", "fuseau", "sud", "lat", "lon"),
    [
        pytest.param(635_664.1, 1_769_349.2, 20, False, 16.0, -61.7321, id="Basse-Terre"),
        pytest.param(707_567.1, 1_615_374.5, 20, False, 14.6037, -61.0731, id="Fort-de-France"),
        pytest.param(352_980.2, 545_868.9, 22, False, 4.9372, -52.3260, id="Cayenne"),
        pytest.param(164_348.3, 609_216.6, 22, False, 5.5039, -54.0289, id="Saint-Laurent-du-Maroni"),
        pytest.param(338_568.3, 7_690_475.4, 40, True, -20.8789, 55.4481, id="Saint-Denis"),
        pytest.param(524_724.5, 8_587_115.8, 38, True, -12.7806, 45.2278, id="Mamoudzou"),
        pytest.param(562_869.8, 5_181_168.3, 21, False, 46.7811, -56.1764, id="Saint-Pierre"),
    ],
)
def test_l_utm_outre_mer_au_metre_pres(x, y, fuseau, sud, lat, lon):
    """Valeurs de PROJ, EPSG:326xx et 327xx."""
    assert wgs84_de_utm(x, y, fuseau, sud=sud) == (pytest.approx(lat, abs=1e-5), pytest.approx(lon, abs=1e-5))


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
