"""Ce que voit une personne quand la base ou le courtier ne répond pas, ou quand le code échoue."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import path

from sas_platform import urls as vraies_urls
from tests.comptes.factories import CompteFactory
from tests.orientation.conftest import (  # noqa: F401  une offre toute prête
    creneau,
    identifiant,
    lieu,
    maintenant,
    medecine_generale,
    osnp,
)


def echouer(request):
    raise ZeroDivisionError("12 rue des Lilas")


echouer.login_required = False
urlpatterns = [
    path("echec/", echouer, name="echec"),
    path("api/v1/echec/", echouer, name="echec_api"),
    *vraies_urls.urlpatterns,
]
handler404 = vraies_urls.handler404
handler500 = vraies_urls.handler500


@pytest.fixture
def tolerant() -> Client:
    """Client qui rend la page d’erreur au lieu de lever l’exception."""
    client = Client(raise_request_exception=False)
    client.cookies[settings.SESSION_COOKIE_NAME] = "session-deja-ouverte"
    return client


@pytest.mark.parametrize("chemin", ["/", "/connexion/", "/administration/", "/oidc/callback/?state=a&code=b"])
def test_base_arretee_chaque_page_dit_503_en_francais(tolerant, base_arretee, chemin):
    reponse = tolerant.get(chemin)

    assert reponse.status_code == 503
    page = reponse.content.decode()
    assert "Service momentanément indisponible" in page
    assert reponse.headers["X-Request-ID"] in page
    assert reponse.headers["Retry-After"] == "30"


@pytest.mark.parametrize("avec_cookie", [False, True], ids=["jeton seul", "jeton et session"])
def test_base_arretee_l_api_repond_un_probleme_503(tolerant, base_arretee, avec_cookie):
    if not avec_cookie:
        tolerant.cookies.clear()
    reponse = tolerant.post("/api/v1/recherches/", {}, HTTP_AUTHORIZATION="Bearer abc")

    assert reponse.status_code == 503
    assert reponse.headers["Content-Type"] == "application/problem+json"
    assert reponse.json()["code"] == "indisponible"


def test_courtier_arrete_on_cherche_et_on_oriente_quand_meme(client, settings, osnp, creneau):  # noqa: F811
    settings.REDIS_URL = settings.CELERY_BROKER_URL = "redis://127.0.0.1:9/0"
    settings.CACHES = settings.CACHES | {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": settings.REDIS_URL}
    }
    client.force_login(osnp)

    page = client.get("/recherche/")
    orientation = client.post(
        "/api/v1/orientations/",
        {"creneau": identifiant(creneau)},
        content_type="application/json",
        HTTP_IDEMPOTENCY_KEY="essai-sans-courtier",
    )

    assert page.status_code == 200
    assert orientation.status_code == 201, orientation.content.decode()


@pytest.mark.urls("tests.sas_platform.test_pannes")
@pytest.mark.usefixtures("routes_d_essai")
def test_un_code_qui_echoue_donne_une_page_500_avec_sa_reference(tolerant, db):
    reponse = tolerant.get("/echec/", HTTP_X_REQUEST_ID="reference-0001")

    assert reponse.status_code == 500
    assert "reference-0001" in reponse.content.decode()
    assert "Lilas" not in reponse.content.decode()


@pytest.mark.urls("tests.sas_platform.test_pannes")
@pytest.mark.usefixtures("routes_d_essai")
def test_un_code_qui_echoue_dans_l_api_donne_un_probleme(tolerant, db):
    reponse = tolerant.get("/api/v1/echec/")

    assert reponse.status_code == 500
    assert reponse.headers["Content-Type"] == "application/problem+json"
    assert reponse.json()["code"] == "interne"


def test_un_formulaire_perime_est_explique(db):
    client = Client(enforce_csrf_checks=True)
    client.force_login(CompteFactory(osnp=True))

    reponse = client.post("/deconnexion/")

    assert reponse.status_code == 403
    assert "Rien n’a été enregistré" in reponse.content.decode()


def test_une_page_inconnue_est_un_404_en_francais(client, db):
    reponse = client.get("/rien-ici/")

    assert reponse.status_code == 404
    assert "Page introuvable" in reponse.content.decode()


def test_un_hote_inconnu_est_un_400_en_francais(client):
    reponse = client.get("/", HTTP_HOST="ailleurs.example")

    assert reponse.status_code == 400
    assert "Demande incomprise" in reponse.content.decode()
