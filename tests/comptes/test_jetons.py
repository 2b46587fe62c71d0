"""Jetons de l’API : qui passe, qui est refusé, et sous quelle forme."""

from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from rest_framework.response import Response
from rest_framework.test import APIClient, APIRequestFactory
from rest_framework.views import APIView

from comptes import droits
from comptes.enums import Action, Portee, Role
from comptes.models import Jeton, Trace
from sas_platform.demo.personas import creer_comptes
from sas_platform.socle.problemes import Probleme
from tests.comptes.factories import CompteFactory, JetonFactory

pytestmark = pytest.mark.django_db

ROUTE = "api:essai"


class VueEssai(APIView):
    portee = Portee.RECHERCHE

    def post(self, request):
        if "refus" in request.data:
            raise Probleme(status=409, code="place_prise", detail="Prise.", alternatives=[1])
        return Response({"compte": request.user.pk})


@pytest.fixture(autouse=True)
def _route(monkeypatch):
    monkeypatch.setitem(droits.ROUTES, ROUTE, Action.CHERCHER)


def appeler(secret: str | None = None, donnees: object = None, **entetes: str) -> Response:
    if secret is not None:
        entetes["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    requete = APIRequestFactory().post(
        "/essai/", {} if donnees is None else donnees, format="json", **entetes
    )
    requete.resolver_match = SimpleNamespace(view_name=ROUTE)
    reponse = VueEssai.as_view()(requete)
    reponse.render()
    return reponse


def avec_secret(secret: str, **champs: object) -> Jeton:
    return JetonFactory(empreinte=Jeton.empreinte_de(secret), **champs)


def test_un_jeton_valide_ouvre_la_vue_en_une_requete_roles_compris(django_assert_num_queries):
    jeton = avec_secret("bon")

    with django_assert_num_queries(1):  # le jeton, son compte et ses rôles
        reponse = appeler("bon")

    assert reponse.status_code == 200
    assert reponse.data == {"compte": jeton.compte_id}


@pytest.mark.parametrize(
    "champs",
    [
        pytest.param({"expire": True}, id="expiré"),
        pytest.param({"revoque": True}, id="révoqué"),
        pytest.param({"compte__is_active": False}, id="compte désactivé"),
    ],
)
def test_un_jeton_qui_ne_vaut_plus_est_refuse(champs):
    avec_secret("ancien", **champs)

    assert appeler("ancien").status_code == 401


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param("inconnu", id="inconnu"),
        pytest.param("deux mots", id="deux mots"),
        pytest.param("", id="vide"),
        pytest.param("x" * 5000, id="trop long"),
        pytest.param("é", id="hors ASCII"),
    ],
)
def test_un_jeton_faux_est_un_401_a_la_forme_probleme(secret):
    reponse = appeler(secret)

    assert reponse.status_code == 401
    assert reponse.headers["Content-Type"] == "application/problem+json"
    assert reponse.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert set(reponse.data) == {"type", "title", "status", "detail", "code"}


def test_sans_jeton_ni_session_c_est_un_401():
    reponse = appeler()

    assert reponse.status_code == 401
    assert reponse.data["code"] == "not_authenticated"


def test_une_portee_qui_manque_est_un_403():
    avec_secret("autre", portees=[Portee.ORIENTATION])

    reponse = appeler("autre")

    assert reponse.status_code == 403
    assert reponse.data["code"] == "permission_denied"


def test_un_role_qui_manque_est_un_403_malgre_la_portee():
    avec_secret("effecteur", compte=CompteFactory(role=Role.EFFECTEUR))

    assert appeler("effecteur").status_code == 403


def test_un_role_retire_ferme_aussitot_le_jeton():
    jeton = avec_secret("bon")
    jeton.compte.habilitations.all().delete()

    assert appeler("bon").status_code == 403


def test_un_refus_attendu_garde_son_code_et_ses_complements():
    avec_secret("bon")

    reponse = appeler("bon", {"refus": 1})

    assert reponse.status_code == 409
    assert reponse.data["code"] == "place_prise"
    assert reponse.data["alternatives"] == [1]


def test_un_corps_illisible_est_un_400_a_la_forme_probleme():
    avec_secret("bon")
    requete = APIRequestFactory().post(
        "/essai/", "{", content_type="application/json", HTTP_AUTHORIZATION="Bearer bon"
    )
    requete.resolver_match = SimpleNamespace(view_name=ROUTE)

    reponse = VueEssai.as_view()(requete)

    assert reponse.status_code == 400
    assert reponse.data["code"] == "parse_error"


def test_une_session_sans_jeton_csrf_ne_peut_rien_ecrire():
    compte = CompteFactory(osnp=True)
    requete = APIRequestFactory(enforce_csrf_checks=True).post("/essai/", {}, format="json")
    requete.user = compte
    requete.resolver_match = SimpleNamespace(view_name=ROUTE)

    assert VueEssai.as_view()(requete).status_code == 403


def test_une_adresse_inconnue_de_l_api_est_un_probleme_et_non_une_page():
    reponse = APIClient().get("/api/v1/rien/")

    assert reponse.status_code == 404
    assert reponse.headers["Content-Type"] == "application/problem+json"


def test_creer_un_jeton_ecrit_le_secret_seul_sur_la_derniere_ligne(capsys):
    creer_comptes()

    call_command("creer_jeton", "--persona", "osnp", "--portee", "recherche,orientation")

    secret = capsys.readouterr().out.splitlines()[-1]
    jeton = Jeton.objects.get()
    assert jeton.empreinte == Jeton.empreinte_de(secret)
    assert set(jeton.portees) == {Portee.RECHERCHE, Portee.ORIENTATION}
    assert appeler(secret).status_code == 200
    trace = Trace.objects.get(verbe="jeton.cree")
    assert secret not in str(trace.details)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--compte", "absent@exemple.invalid", "--portee", "recherche"], id="compte inconnu"),
        pytest.param(["--persona", "absente", "--portee", "recherche"], id="persona inconnue"),
        pytest.param(["--persona", "osnp", "--portee", "tout"], id="portée inconnue"),
        pytest.param(["--persona", "osnp", "--portee", ""], id="portée vide"),
        pytest.param(["--persona", "osnp", "--portee", "recherche", "--jours", "0"], id="durée nulle"),
        pytest.param(
            ["--persona", "osnp", "--portee", "recherche", "--jours", "9999"], id="durée trop longue"
        ),
        pytest.param(["--portee", "recherche"], id="pour personne"),
    ],
)
def test_creer_un_jeton_refuse_une_demande_incomplete(arguments):
    creer_comptes()

    with pytest.raises(CommandError):
        call_command("creer_jeton", *arguments)
    assert not Jeton.objects.exists()


def test_revoquer_un_jeton_le_ferme_et_se_rejoue(capsys):
    jeton = avec_secret("bon")

    call_command("revoquer_jeton", str(jeton.pk))
    call_command("revoquer_jeton", str(jeton.pk))

    assert appeler("bon").status_code == 401
    assert [ligne.split()[-1] for ligne in capsys.readouterr().out.splitlines()] == ["révoqué.", "révoqué."]
    assert Trace.objects.filter(verbe="jeton.revoque").count() == 1


def test_revoquer_un_jeton_inconnu_echoue():
    with pytest.raises(CommandError, match="Aucun jeton"):
        call_command("revoquer_jeton", "4242")


RECHERCHES = "/api/v1/recherches/"


def demander(client, chemin: str = RECHERCHES, **entetes: str):
    client.raise_request_exception = False
    return client.post(chemin, {}, "application/json", headers={"Authorization": "Bearer bon"} | entetes)


@pytest.mark.parametrize("chemin", [RECHERCHES, "/api/v1/inconnue/"])
def test_une_requete_munie_d_un_jeton_garde_les_entetes_de_securite(client, chemin):
    avec_secret("bon")

    entetes = demander(client, chemin).headers

    assert entetes["Content-Type"] == "application/problem+json"
    politique = entetes["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'"} <= {*politique}
    assert (entetes["X-Frame-Options"], entetes["X-Content-Type-Options"]) == ("DENY", "nosniff")
    assert entetes["Referrer-Policy"] == "same-origin"
    assert {"Content-Length", "X-Request-ID", "Cross-Origin-Opener-Policy"} <= {*entetes}


@pytest.mark.parametrize(
    ("chemin", "entetes", "etat"),
    [
        pytest.param(f"{RECHERCHES}?a=%00", {}, 400, id="signe nul"),
        pytest.param(RECHERCHES, {"Host": "ailleurs.exemple.invalid"}, 400, id="hôte étranger"),
        pytest.param("/api/v1/inconnue/", {}, 404, id="route inconnue"),
        pytest.param("/recherche/", {}, 302, id="une page ne s’ouvre pas avec un jeton"),
    ],
)
def test_un_jeton_ne_dispense_d_aucun_refus(client, chemin, entetes, etat):
    avec_secret("bon")

    assert demander(client, chemin, **entetes).status_code == etat


def test_un_jeton_ne_dispense_pas_des_prealables_de_la_session(client, settings):
    settings.PREALABLES_EXIGES = True
    jeton = avec_secret("bon")
    client.force_login(jeton.compte)

    assert demander(client).json()["code"] == "prealable"
    client.logout()
    assert demander(client).json()["code"] == "invalide"
