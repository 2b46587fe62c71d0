"""API des orientations : idempotence, conflits, propriété, annulation."""

import pytest

from agenda.offre import rafraichir
from comptes.enums import Portee, Role
from comptes.models import Jeton
from orientation.actions import orienter
from orientation.models import Annulation, Orientation
from tests.agenda.factories import DisponibiliteFactory
from tests.comptes.factories import CompteFactory, JetonFactory
from tests.orientation.conftest import identifiant, projeter
from tests.orientation.factories import OrientationFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/orientations/"


@pytest.fixture
def api(client, osnp, maintenant):
    """`api(chemin, corps, cle=…)` avec un jeton de portée orientation."""
    JetonFactory(compte=osnp, portees=[Portee.ORIENTATION], empreinte=Jeton.empreinte_de("secret"))

    def appel(chemin: str = URL, corps: object = None, *, cle: str | None = "cle-1", methode: str = "post"):
        entetes = {"Authorization": "Bearer secret"} | ({"Idempotency-Key": cle} if cle is not None else {})
        return getattr(client, methode)(chemin, corps, content_type="application/json", headers=entetes)

    return appel


def test_orienter_rend_un_201_et_l_heure_du_lieu(api, creneau):
    reponse = api(corps={"creneau": identifiant(creneau)})

    corps = reponse.json()
    assert reponse.status_code == 201
    assert (corps["etat"], corps["voie"], corps["type"]) == ("enregistree", "agenda_sas", "1")
    assert (corps["debut"], corps["fin"]) == ("2026-11-02T09:00:00+01:00", "2026-11-02T09:20:00+01:00")
    assert (corps["lieu"], corps["fuseau"]) == (f"l{creneau.lieu_id}", "Europe/Paris")
    assert corps["destinataire"]["nom"] == "MARTIN"
    assert corps["id"] == str(Orientation.objects.get().uuid)


def test_un_renvoi_rend_les_memes_octets(api, plage):
    premiere = api(corps={"creneau": identifiant(plage)})

    seconde = api(corps={"creneau": identifiant(plage)})

    assert (seconde.status_code, seconde.content) == (201, premiere.content)
    assert Orientation.objects.count() == 1


def test_un_renvoi_rend_les_memes_octets_meme_apres_annulation(api, creneau):
    corps = {"creneau": identifiant(creneau)}
    premiere = api(corps=corps)
    api(f"{URL}{premiere.json()['id']}/annulation/")

    seconde = api(corps=corps)

    assert (seconde.status_code, seconde.content) == (201, premiere.content)
    assert api(f"{URL}{premiere.json()['id']}/", methode="get").json()["etat"] == "annulee"


def test_la_meme_cle_avec_un_autre_corps_est_un_422(api, creneau, plage):
    api(corps={"creneau": identifiant(creneau)})

    reponse = api(corps={"creneau": identifiant(plage)})

    assert (reponse.status_code, reponse.json()["code"]) == (422, "cle_reutilisee")


@pytest.mark.parametrize(
    ("cle", "code"),
    [
        (None, "cle_requise"),
        ("", "cle_requise"),
        ("x" * 101, "cle_invalide"),
        ("deux mots", "cle_invalide"),
        ("é", "cle_invalide"),
    ],
)
def test_une_cle_absente_ou_mauvaise_est_un_400(api, creneau, cle, code):
    reponse = api(corps={"creneau": identifiant(creneau)}, cle=cle)

    assert (reponse.status_code, reponse.json()["code"]) == (400, code)
    assert not Orientation.objects.exists()


def test_une_place_prise_est_un_409_avec_les_autres_creneaux_du_lieu(api, creneau, maintenant):
    autre = DisponibiliteFactory(lieu=creneau.lieu, heure_debut="10:00", heure_fin="10:20")
    rafraichir([creneau.lieu_id], maintenant)
    creneau_id = identifiant(creneau)
    orienter(acteur=CompteFactory(role=Role.OSNP), cle="x", creneau_id=creneau_id, maintenant=maintenant)

    reponse = api(corps={"creneau": creneau_id})

    corps = reponse.json()
    assert (reponse.status_code, corps["code"], corps["status"]) == (409, "place_prise", 409)
    assert [a["id"] for a in corps["alternatives"]] == [identifiant(autre)]
    assert reponse.headers["Content-Type"] == "application/problem+json"


def test_un_creneau_retire_est_perime(api, creneau, maintenant):
    creneau_id = identifiant(creneau)
    creneau.premier_jour = creneau.premier_jour.replace(year=2027)
    creneau.save()
    rafraichir([creneau.lieu_id], maintenant)

    assert api(corps={"creneau": creneau_id}).json()["code"] == "perimee"


@pytest.mark.parametrize("creneau_id", ["d999999-29893440", "inconnu", "e1-abcdefabcdef", "d1-"])
def test_un_creneau_inconnu_est_un_404(api, creneau_id):
    reponse = api(corps={"creneau": creneau_id})

    assert (reponse.status_code, reponse.json()["code"]) == (404, "inconnue")


def test_orienter_en_sus(api, lieu):
    projeter(lieu)

    reponse = api(corps={"surnumeraire": {"lieu": f"l{lieu.pk}", "debut": "2026-11-02T12:00:00+01:00"}})

    assert (reponse.status_code, reponse.json()["voie"]) == (201, "surnumeraire")
    assert reponse.json()["debut"] == "2026-11-02T12:00:00+01:00"


@pytest.mark.parametrize(
    ("debut", "code"),
    [
        pytest.param("2026-11-02T07:00:00+01:00", "date_passee", id="passé"),
        pytest.param("2027-11-02T07:00:00+01:00", "date_lointaine", id="dans un an"),
        pytest.param("2026-11-02T12:00:00", "invalide", id="sans décalage"),
        pytest.param("2026-11-02-12:00", "invalide", id="un tiret pour un T"),
        pytest.param("20261102-12:00", "invalide", id="une heure qui ressemble à un décalage"),
        pytest.param("9999-12-31T23:59:59Z", "invalide", id="an 9999"),
        pytest.param("demain", "invalide", id="pas une date"),
        pytest.param(12, "invalide", id="un nombre"),
    ],
)
def test_un_debut_en_sus_mauvais_est_un_400(api, lieu, debut, code):
    projeter(lieu)

    reponse = api(corps={"surnumeraire": {"lieu": f"l{lieu.pk}", "debut": debut}})

    assert (reponse.status_code, reponse.json()["code"]) == (400, code)


@pytest.mark.parametrize(
    "corps",
    [
        pytest.param({}, id="rien"),
        pytest.param(
            {"creneau": "d1-1", "surnumeraire": {"lieu": "l1", "debut": "2026-11-02T12:00:00Z"}},
            id="les deux",
        ),
        pytest.param({"creneau": ""}, id="vide"),
        pytest.param({"creneau": None}, id="nul"),
        pytest.param({"creneau": "x" * 101}, id="trop long"),
        pytest.param({"creneau": "d1\u00001"}, id="octet nul"),
        pytest.param([], id="liste"),
    ],
)
def test_un_corps_mauvais_est_un_400(api, corps):
    assert api(corps=corps).status_code == 400


def test_un_ioa_n_oriente_pas_en_sus(client, lieu, maintenant):
    projeter(lieu)
    JetonFactory(compte=CompteFactory(role=Role.IOA), empreinte=Jeton.empreinte_de("ioa"))

    reponse = client.post(
        URL,
        {"surnumeraire": {"lieu": f"l{lieu.pk}", "debut": "2026-11-02T12:00:00+01:00"}},
        content_type="application/json",
        headers={"Authorization": "Bearer ioa", "Idempotency-Key": "a"},
    )

    assert (reponse.status_code, reponse.json()["code"]) == (403, "interdite")


@pytest.mark.parametrize("suite", ["", "annulation/"])
def test_l_orientation_d_un_autre_est_un_404(api, suite):
    autre = OrientationFactory()

    reponse = api(f"{URL}{autre.uuid}/{suite}", methode="post" if suite else "get")

    assert reponse.status_code == 404


def test_annuler_deux_fois_est_un_409(api, creneau):
    chemin = f"{URL}{api(corps={'creneau': identifiant(creneau)}).json()['id']}/annulation/"

    premiere, seconde = api(chemin), api(chemin)

    assert (premiere.status_code, premiere.json()["etat"]) == (200, "annulee")
    assert (seconde.status_code, seconde.json()["code"]) == (409, "deja_annulee")


@pytest.mark.parametrize(
    ("corps", "motif"), [(None, "erreur"), ({}, "erreur"), ({"motif": "professionnel"}, "professionnel")]
)
def test_une_annulation_dit_pourquoi(api, creneau, corps, motif):
    orientation = api(corps={"creneau": identifiant(creneau)}).json()["id"]

    assert api(f"{URL}{orientation}/annulation/", corps).status_code == 200

    assert Annulation.objects.get().motif == motif


@pytest.mark.parametrize("genre", ["multipart/form-data; boundary=b", "application/x-www-form-urlencoded"])
def test_annuler_sans_corps_ne_demande_pas_d_annoncer_du_json(api, client, creneau, genre):
    orientation = api(corps={"creneau": identifiant(creneau)}).json()["id"]

    corps = b"--b--\r\n" if "multipart" in genre else b""
    reponse = client.post(
        f"{URL}{orientation}/annulation/",
        corps,
        content_type=genre,
        headers={"Authorization": "Bearer secret"},
    )

    assert (reponse.status_code, Annulation.objects.get().motif) == (200, "erreur")


def test_un_motif_d_annulation_inconnu_ne_retire_rien(api, creneau):
    orientation = api(corps={"creneau": identifiant(creneau)}).json()["id"]

    reponse = api(f"{URL}{orientation}/annulation/", {"motif": "autre_heure"})

    assert (reponse.status_code, list(reponse.json()["erreurs"])) == (400, ["motif"])
    assert not Annulation.objects.exists()


@pytest.mark.parametrize("portees", [[], [Portee.RECHERCHE]])
def test_une_portee_de_recherche_ne_permet_pas_d_orienter(client, osnp, creneau, portees):
    JetonFactory(compte=osnp, portees=portees, empreinte=Jeton.empreinte_de("autre"))

    reponse = client.post(
        URL,
        {"creneau": identifiant(creneau)},
        content_type="application/json",
        headers={"Authorization": "Bearer autre", "Idempotency-Key": "a"},
    )

    assert reponse.status_code == 403
    assert not Orientation.objects.exists()
