import pytest

from orientation.domaine.trajet import Zone, en_clair, estimation_min, zone


@pytest.mark.parametrize(
    ("km", "type_de_zone", "minutes"),
    [
        pytest.param(0, Zone.URBAINE, 3, id="sur place"),
        pytest.param(1, Zone.TRES_DENSE, 8, id="un kilomètre à Paris"),
        pytest.param(1, Zone.RURALE, 5, id="un kilomètre à la campagne"),
        pytest.param(10, Zone.MIXTE, 25, id="au-delà de dix minutes, à cinq près"),
        pytest.param(50, Zone.RURALE, 80, id="loin"),
    ],
)
def test_l_estimation_suit_la_zone_et_s_arrondit_au_dessus(km, type_de_zone, minutes):
    assert estimation_min(km, type_de_zone) == minutes


def test_une_distance_negative_est_refusee():
    with pytest.raises(ValueError, match="négative"):
        estimation_min(-1, Zone.MIXTE)


@pytest.mark.parametrize(
    ("rayon", "attendue"),
    [(3, Zone.TRES_DENSE), (5, Zone.TRES_DENSE), (10, Zone.URBAINE), (20, Zone.MIXTE), (50, Zone.RURALE)],
)
def test_la_zone_suit_le_rayon_du_departement(rayon, attendue):
    assert zone(rayon) is attendue


def test_la_duree_se_lit_en_heures_quand_il_le_faut():
    assert en_clair(80, estime=True) == "≈\u00a01\u00a0h\u00a020 en voiture (estimation)"
    assert en_clair(12, estime=False) == "≈\u00a012\u00a0min en voiture"
