"""Le plan des communes : ce qui y tombe, ce qui en sort, et des cercles à la mesure des nombres."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remuneration.domaine.carte import LARGEUR, Lieu, dessiner

NORD = [(50.63, 3.05), (50.37, 3.08), (51.03, 2.37), (50.0, 4.2)]
POINT = st.tuples(
    st.floats(min_value=-60, max_value=60, allow_nan=False),
    st.floats(min_value=-179, max_value=179, allow_nan=False),
)


def test_la_surface_suit_le_nombre_et_le_plus_cherche_est_nomme():
    carte = dessiner(NORD, [Lieu("Lille", 40, 50.63, 3.05), Lieu("Fourmies", 10, 50.0, 4.2)])

    lille, fourmies = carte.cercles
    assert lille.rayon == pytest.approx(2 * fourmies.rayon)
    assert (lille.titre, lille.nom) == ("Lille\u00a0: 40", "Lille")
    assert (lille.x < fourmies.x, lille.y < fourmies.y) == (True, True), "à l’ouest et au nord"


def test_deux_voisines_ne_se_nomment_pas_l_une_sur_l_autre():
    carte = dessiner(NORD, [Lieu("Lille", 40, 50.63, 3.05), Lieu("Lambersart", 39, 50.64, 3.06)])

    assert [cercle.nom for cercle in carte.cercles] == ["Lille", ""]


def test_ce_qui_est_hors_du_territoire_se_compte_sans_se_montrer():
    carte = dessiner(NORD, [Lieu("Lille", 4, 50.63, 3.05), Lieu("Marseille", 1, 43.3, 5.37)])

    assert ([cercle.titre for cercle in carte.cercles], carte.hors_cadre) == (["Lille\u00a0: 4"], 1)


@pytest.mark.parametrize(
    ("points", "lieux"),
    [
        pytest.param([], [Lieu("Lille", 1, 50, 3)], id="sans commune"),
        pytest.param(NORD, [], id="rien de cherché"),
    ],
)
def test_sans_rien_a_poser_il_n_y_a_pas_de_carte(points, lieux):
    assert dessiner(points, lieux) is None


@given(st.lists(POINT, min_size=1, max_size=20))
def test_tout_le_territoire_tient_dans_le_cadre(points):
    """Une seule commune, un archipel : chaque commune du territoire a sa place sur le plan."""
    carte = dessiner(points, [Lieu(str(rang), 1, *point) for rang, point in enumerate(points)])

    assert carte.hors_cadre == 0
    assert len(carte.cercles) == len(points)
    assert all(0 <= c.x <= LARGEUR and 0 <= c.y <= carte.hauteur for c in carte.cercles)
