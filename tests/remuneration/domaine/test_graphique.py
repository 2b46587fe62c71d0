import pytest
from hypothesis import given
from hypothesis import strategies as st

from remuneration.domaine.graphique import GRADUATIONS, HAUTEUR, LARGEUR, plafond, tracer

VALEURS = st.floats(0, 1e9).map(lambda n: round(n, 2))


@pytest.mark.parametrize(
    ("maximum", "attendu"),
    [
        (0, 4),
        (1, 1),
        (3, 4),
        (4, 4),
        (4.1, 8),
        (8, 8),
        (17, 20),
        (40, 40),
        (41, 80),
        (0.3, 0.4),
        (12_345, 20_000),
    ],
)
def test_l_axe_finit_au_premier_nombre_rond(maximum, attendu):
    assert plafond(maximum) == pytest.approx(attendu)


@given(st.floats(0.01, 1e9))
def test_aucune_barre_ne_depasse_l_axe_ni_ne_s_y_perd(maximum):
    assert maximum <= plafond(maximum) <= 4 * maximum * (1 + 1e-9)


@given(st.lists(st.tuples(VALEURS, VALEURS), min_size=1, max_size=24), st.booleans())
def test_les_hauteurs_sont_proportionnelles_et_restent_dans_le_cadre(paires, empilees):
    trace = tracer([str(n) for n in range(len(paires))], list(zip(*paires, strict=True)), empilees=empilees)

    zero, sommet = trace.graduations[0], trace.graduations[-1]
    par_unite = (zero.position - sommet.position) / sommet.valeur
    hauteurs = sorted(barre.hauteur for barre in trace.barres)
    assert hauteurs == pytest.approx(sorted(v * par_unite for p in paires for v in p if v), abs=0.06)
    assert len(trace.graduations) == GRADUATIONS + 1
    for barre in trace.barres:
        assert 0 <= barre.x <= barre.x + barre.largeur <= LARGEUR
        assert sommet.position - 0.1 <= barre.y <= barre.y + barre.hauteur <= zero.position + 0.1 < HAUTEUR


def test_des_series_empilees_se_suivent_les_autres_se_cotoient():
    empilees = tracer(["avril"], [[1], [3]], empilees=True).barres
    voisines = tracer(["avril"], [[1], [3]], empilees=False).barres

    assert empilees[1].y + empilees[1].hauteur == pytest.approx(empilees[0].y)
    assert {b.x for b in empilees} == {empilees[0].x}
    assert voisines[0].x + voisines[0].largeur == pytest.approx(voisines[1].x, abs=0.1)


def test_sans_valeur_il_reste_l_axe():
    assert tracer([], [], empilees=True).barres == []
    assert tracer(["avril"], [[0]], empilees=False).graduations[-1].valeur == 4
