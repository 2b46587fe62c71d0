"""API des places tenues : mêmes droits, même idempotence, mêmes refus que les orientations."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine

from agenda import tenues
from agenda.models import Tenue
from comptes.enums import Portee, Role
from comptes.models import Jeton
from orientation.models import Orientation
from tests.comptes.factories import CompteFactory, JetonFactory
from tests.orientation.conftest import identifiant, identifiants

pytestmark = pytest.mark.django_db
URL = "/api/v1/tenues/"


@pytest.fixture
def api(client, osnp, maintenant):
    """`api(chemin, corps, cle=…, methode=…)` avec un jeton de portée orientation."""
    JetonFactory(compte=osnp, portees=[Portee.ORIENTATION], empreinte=Jeton.empreinte_de("secret"))

    def appel(chemin: str = URL, corps: object = None, *, cle: str | None = "cle-1", methode: str = "post"):
        entetes = {"Authorization": "Bearer secret"} | ({"Idempotency-Key": cle} if cle is not None else {})
        return getattr(client, methode)(chemin, corps, content_type="application/json", headers=entetes)

    return appel


def test_tenir_rend_un_201_a_l_heure_du_lieu(api, creneau, osnp):
    creneau_id = identifiant(creneau)

    reponse = api(corps={"creneau": creneau_id})

    tenue = Tenue.objects.get(compte=osnp)
    assert reponse.status_code == 201
    assert reponse.json() == {
        "id": str(tenue.uuid),
        "creneau": creneau_id,
        "lieu": f"l{creneau.lieu_id}",
        "debut": "2026-11-02T09:00:00+01:00",
        "fuseau": "Europe/Paris",
        "jusqu_a": "2026-11-02T08:03:00+01:00",
        "prolongeable": True,
    }


def test_tenir_puis_confirmer_ne_lit_rien_deux_fois(api, creneau, django_assert_max_num_queries):
    corps = {"creneau": identifiant(creneau)}

    with django_assert_max_num_queries(19):
        api(corps=corps)
    with django_assert_max_num_queries(23):
        api("/api/v1/orientations/", corps)


def test_un_renvoi_rend_la_meme_tenue_sans_la_rallonger(api, creneau):
    corps = {"creneau": identifiant(creneau)}
    premiere = api(corps=corps)

    seconde = api(corps=corps)

    assert (seconde.status_code, seconde.content) == (201, premiere.content)
    assert Tenue.objects.count() == 1


def test_la_meme_cle_pour_une_autre_place_est_un_422(api, creneau, plage):
    api(corps={"creneau": identifiant(creneau)})

    reponse = api(corps={"creneau": identifiant(plage)})

    assert (reponse.status_code, reponse.json()["code"]) == (422, "cle_reutilisee")
    assert Tenue.objects.get().disponibilite == creneau


def test_une_autre_cle_rend_la_place_et_en_tient_une_autre(api, creneau, plage):
    creneau_id = identifiant(creneau)
    api(corps={"creneau": creneau_id})

    reponse = api(corps={"creneau": identifiant(plage)}, cle="cle-2")

    assert reponse.status_code == 201
    assert Tenue.objects.get().disponibilite == plage
    assert creneau_id in identifiants(creneau.lieu_id)


def test_une_place_tenue_par_un_autre_est_un_409_avec_les_autres_creneaux(api, creneau, plage, maintenant):
    creneau_id = identifiant(creneau)
    autre = CompteFactory(role=Role.REGULATEUR)
    tenues.tenir(compte=autre, creneau_id=creneau_id, territoire=None, maintenant=maintenant)

    reponse = api(corps={"creneau": creneau_id})

    assert (reponse.status_code, reponse.json()["code"]) == (409, "place_tenue")
    assert [c["id"] for c in reponse.json()["alternatives"]] == [identifiant(plage)]


@pytest.mark.parametrize(
    ("corps", "cle", "etat", "code"),
    [
        pytest.param({"creneau": "d0-2"}, "a", 404, "inconnue", id="créneau inconnu"),
        pytest.param({"creneau": "n’importe"}, "a", 404, "inconnue", id="identifiant illisible"),
        pytest.param({}, "a", 400, "invalide", id="sans créneau"),
        pytest.param({"creneau": "d1-2"}, None, 400, "cle_requise", id="sans clé"),
        pytest.param({"creneau": "d1-2"}, "a b", 400, "cle_invalide", id="clé illisible"),
    ],
)
def test_un_refus_est_un_document_de_probleme(api, corps, cle, etat, code):
    reponse = api(corps=corps, cle=cle)

    assert (reponse.status_code, reponse.json()["code"]) == (etat, code)
    assert reponse.headers["Content-Type"] == "application/problem+json"


def test_prolonger_une_fois(api, creneau):
    tenue = api(corps={"creneau": identifiant(creneau)}).json()
    url = f"{URL}{tenue['id']}/prolongation/"

    premiere, seconde = api(url, cle=None), api(url, cle=None)

    assert premiere.status_code == 200
    assert premiere.json()["jusqu_a"] == "2026-11-02T08:06:00+01:00"
    assert premiere.json()["prolongeable"] is False
    assert (seconde.status_code, seconde.json()["code"]) == (409, "deja_prolongee")


def test_le_temps_passe_prolonger_est_un_409(api, creneau, maintenant):
    tenue = api(corps={"creneau": identifiant(creneau)}).json()

    with time_machine.travel(maintenant + timedelta(minutes=3), tick=False):
        reponse = api(f"{URL}{tenue['id']}/prolongation/", cle=None)

    assert (reponse.status_code, reponse.json()["code"]) == (409, "finie")


def test_rendre_remontre_la_place_et_ne_se_fait_qu_une_fois(api, creneau):
    creneau_id = identifiant(creneau)
    url = f"{URL}{api(corps={'creneau': creneau_id}).json()['id']}/"

    premiere, seconde = (api(url, cle=None, methode="delete") for _ in range(2))

    assert (premiere.status_code, premiere.content) == (204, b"")
    assert seconde.status_code == 404
    assert creneau_id in identifiants(creneau.lieu_id)


@pytest.mark.parametrize(("methode", "suite"), [("delete", ""), ("post", "prolongation/")])
def test_la_tenue_d_un_autre_n_existe_pas(api, creneau, maintenant, methode, suite):
    autre = CompteFactory(role=Role.REGULATEUR)
    tenue = tenues.tenir(
        compte=autre, creneau_id=identifiant(creneau), territoire=None, maintenant=maintenant
    )

    assert api(f"{URL}{tenue.uuid}/{suite}", cle=None, methode=methode).status_code == 404
    assert api(f"{URL}{uuid4()}/{suite}", cle=None, methode=methode).status_code == 404
    assert Tenue.objects.get() == tenue


def test_la_place_tenue_par_l_api_se_confirme_par_l_api(api, creneau):
    creneau_id = identifiant(creneau)
    api(corps={"creneau": creneau_id})

    reponse = api("/api/v1/orientations/", {"creneau": creneau_id})

    assert reponse.status_code == 201
    assert (Orientation.objects.count(), Tenue.objects.count()) == (1, 0)


@pytest.mark.parametrize(
    ("role", "portees", "etat"),
    [
        pytest.param(Role.OSNP, [Portee.RECHERCHE], 403, id="portée de recherche seulement"),
        pytest.param(Role.GESTIONNAIRE_COMPTES, [Portee.ORIENTATION], 403, id="rôle qui n’oriente pas"),
        pytest.param(None, [], 401, id="sans jeton"),
    ],
)
def test_les_droits_sont_ceux_des_orientations(client, creneau, role, portees, etat):
    if role:
        compte = CompteFactory(role=role)
        JetonFactory(compte=compte, portees=portees, empreinte=Jeton.empreinte_de("secret"))
    entetes = {"Idempotency-Key": "a"} | ({"Authorization": "Bearer secret"} if role else {})

    for methode, chemin in (
        ("post", URL),
        ("post", f"{URL}{uuid4()}/prolongation/"),
        ("delete", f"{URL}{uuid4()}/"),
    ):
        reponse = getattr(client, methode)(
            chemin, {"creneau": identifiant(creneau)}, content_type="application/json", headers=entetes
        )
        assert reponse.status_code == etat
    assert not Tenue.objects.exists()
