"""Une entrée illisible est refusée : jamais une panne, jamais une ligne écrite."""

import pytest
from django.test import RequestFactory

from comptes.models import Jeton
from sas_platform.socle.entrees import TAILLE_MAX
from sas_platform.wsgi import application
from tests.comptes.factories import CompteFactory, JetonFactory

pytestmark = pytest.mark.django_db
RECHERCHES = "/api/v1/recherches/"


@pytest.fixture
def tolerant(client):
    """Rend la page 500 au lieu de lever, comme un vrai serveur."""
    client.raise_request_exception = False
    return client


@pytest.fixture
def poster(tolerant):
    """`poster(octets)` : un corps brut, avec un jeton valide."""
    JetonFactory(empreinte=Jeton.empreinte_de("secret"))

    def appel(corps: bytes):
        entetes = {"Authorization": "Bearer secret"}
        return tolerant.generic("POST", RECHERCHES, corps, "application/json", headers=entetes)

    return appel


def test_sans_la_barre_finale_un_appel_garde_sa_methode_et_son_corps(client):
    reponse = client.post(RECHERCHES.rstrip("/"), {}, content_type="application/json")

    assert (reponse.status_code, reponse.headers["Location"]) == (308, RECHERCHES)


@pytest.mark.parametrize("chemin", ["/", "/recherche/", "/connexion/", "/oidc/callback/?state=x", RECHERCHES])
def test_un_signe_nul_dans_un_cookie_est_un_400(tolerant, chemin):
    # Entre guillemets, un cookie s’écrit en octal : c’est ainsi que le signe nul arrive jusqu’à la session.
    reponse = tolerant.get(chemin, headers={"Cookie": r'sas_session="\000bcdefghijklmnop"'})

    assert reponse.status_code == 400


@pytest.mark.parametrize(
    "chemin",
    [
        "/connexion/?next=%00",
        "/administration/comptes/trace/?verbe=%00",
        "/administration/comptes/compte/?habilitations__role__exact=%00",
    ],
)
def test_un_signe_nul_dans_un_parametre_est_un_400(tolerant, chemin):
    tolerant.force_login(CompteFactory(administrateur=True))

    assert tolerant.get(chemin).status_code == 400


@pytest.mark.parametrize(
    "corps",
    [
        pytest.param(b"[" * 50_000, id="crochets sans fin"),
        pytest.param(b'{"a":' * 10_000, id="accolades sans fin"),
        pytest.param(b'{"filtres": {"disponibilite": "\\ud800"}}', id="moitié de caractère"),
        pytest.param(b'{"filtres": {"modalites": ["\\udfff"]}}', id="moitié de caractère, en liste"),
        pytest.param(b'{"rayon_km": NaN}', id="NaN"),
        pytest.param(b'{"rayon_km": 1e999}', id="infini"),
        pytest.param(b'{"page": ' + b"9" * 5_000 + b"}", id="nombre sans fin"),
        pytest.param(b"\xff\xfe", id="pas de l’UTF-8"),
        pytest.param(b"\x00", id="signe nul"),
    ],
)
def test_un_json_hostile_est_un_400_qui_ne_recopie_rien(poster, corps):
    reponse = poster(corps)

    assert (reponse.status_code, reponse.json()["code"]) == (400, "parse_error")
    assert reponse.json()["detail"] == "Le corps n’est pas du JSON lisible."


def test_un_corps_trop_long_est_un_413_sans_etre_lu(poster):
    reponse = poster(b'{"adresse": "' + b"x" * TAILLE_MAX + b'"}')

    assert (reponse.status_code, reponse.json()["code"]) == (413, "trop_long")


@pytest.mark.parametrize("charset", ["hex", "rot13", "undefined", "inconnu", "a\0b"])
def test_un_jeu_de_caracteres_qui_n_en_est_pas_un_est_ignore(charset):
    environ = RequestFactory().get("/", {"next": "/été/"}).environ | {
        "CONTENT_TYPE": f"text/html; charset={charset}"
    }

    requete = application.request_class(environ)

    assert requete.GET["next"] == "/été/"
    assert requete.content_type == "text/html"
