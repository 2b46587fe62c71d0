from unittest.mock import patch

import pytest
from django.template import Context, Template
from django.urls import NoReverseMatch


def test_l_adresse_d_une_route_sans_argument_ne_se_cherche_qu_une_fois():
    gabarit = Template('{% url "mentions_legales" %}')
    premiere = gabarit.render(Context())

    with patch("django.urls.reverse") as cherchee:
        seconde = gabarit.render(Context())

    assert (premiere, seconde) == ("/mentions-legales/", "/mentions-legales/")
    cherchee.assert_not_called()


@pytest.mark.parametrize(
    "gabarit",
    [
        '{% url "orientation:resultats" jeton=jeton %}',
        '{% url "orientation:resultats" jeton %}',
        '{% url "orientation:resultats" jeton=jeton as adresse %}{{ adresse }}',
    ],
    ids=["nommé", "par son rang", "retenu"],
)
def test_celle_qui_depend_d_un_argument_le_suit(gabarit):
    compose = Template(gabarit)

    assert [compose.render(Context({"jeton": jeton})) for jeton in ("a", "b")] == [
        "/recherche/a/",
        "/recherche/b/",
    ]


def test_celle_dont_le_nom_est_une_variable_la_suit():
    compose = Template("{% url route %}")

    assert [compose.render(Context({"route": route})) for route in ("plan", "accessibilite")] == [
        "/plan/",
        "/accessibilite/",
    ]


def test_une_route_inconnue_se_voit_chaque_fois():
    compose = Template('{% url "inconnue" %}')

    for _ in range(2):
        with pytest.raises(NoReverseMatch):
            compose.render(Context())
