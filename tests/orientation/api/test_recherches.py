"""`POST /api/v1/recherches/` : le contrat, les portées, les refus."""

import pytest

from annuaire.models import LieuExercice
from comptes.enums import Portee, Role
from comptes.models import Jeton
from tests.annuaire.factories import CommuneFactory
from tests.comptes.factories import CompteFactory, JetonFactory
from tests.orientation.conftest import projeter

pytestmark = pytest.mark.django_db
URL = "/api/v1/recherches/"


@pytest.fixture
def appeler(client, osnp, medecine_generale, maintenant):
    """`appeler(corps)` avec un jeton de portée recherche."""
    CommuneFactory()
    JetonFactory(compte=osnp, portees=[Portee.RECHERCHE], empreinte=Jeton.empreinte_de("secret"))

    def appel(corps: object):
        return client.post(
            URL, corps, content_type="application/json", headers={"Authorization": "Bearer secret"}
        )

    return appel


def test_la_reponse_suit_le_contrat(appeler, creneau):
    reponse = appeler({"specialite": "SM54", "commune": "59350", "rayon_km": 20})

    assert reponse.status_code == 200
    corps = reponse.json()
    assert (corps["total"], corps["page"], corps["rayon_km"]) == (1, 1, 20)
    (offre,) = corps["offres"]
    assert {"id", "groupe", "raison_du_rang", "distance_km", "participe", "en_sus"} <= offre.keys()
    assert {"identifiant_national", "nom", "prenom", "profession", "specialites"} <= offre["effecteur"].keys()
    assert {"id", "adresse", "commune_insee", "lat", "lon", "fuseau", "telephone"} <= offre["lieu"].keys()
    (lu,) = offre["creneaux"]
    assert (lu["debut"], lu["fin"]) == ("2026-11-02T09:00:00+01:00", "2026-11-02T09:20:00+01:00")
    assert (lu["source"], lu["editeur"], lu["modalites"]) == ("agenda_sas", None, ["cabinet"])
    assert (lu["capacite"], lu["prises"], lu["lien"]) == (1, 0, None)


def test_le_jeton_d_une_personne_a_son_debit(appeler, creneau, settings):
    settings.JETONS_APPELS_PAR_MINUTE, settings.OUTILS_APPELS_PAR_MINUTE = 2, 1

    reponses = [appeler({"specialite": "SM54", "commune": "59350"}) for _ in range(3)]

    refus = reponses[2]
    assert [r.status_code for r in reponses] == [200, 200, 429]
    assert (refus.headers["Content-Type"], refus.headers["Retry-After"]) == ("application/problem+json", "60")
    assert refus.json()["code"] == "throttled"
    assert refus.json()["detail"].startswith("Requête ralentie")


def test_avec_une_session_le_debit_est_celui_du_compte(
    client, appeler, osnp, medecine_generale, maintenant, settings
):
    settings.JETONS_APPELS_PAR_MINUTE = 2
    CommuneFactory()
    client.force_login(osnp)
    demande = {"specialite": "SM54", "commune": "59350"}

    etats = [client.post(URL, demande, content_type="application/json").status_code for _ in range(3)]

    assert etats == [200, 200, 429]
    assert appeler(demande).status_code == 200  # son jeton a le sien


def test_l_accueil_declare_se_filtre_et_se_lit(appeler, creneau):
    demande = {"specialite": "SM54", "commune": "59350", "filtres": {"carte_vitale": True, "langues": ["en"]}}
    avant = appeler(demande).json()
    LieuExercice.objects.filter(pk=creneau.lieu_id).update(accueil=["carte_vitale"], langues=["en", "ar"])
    projeter(creneau.lieu)

    apres = appeler(demande).json()

    assert avant["total"] == 0
    lieu = apres["offres"][0]["lieu"]
    assert (lieu["accueil"], lieu["langues"]) == (["carte_vitale"], ["en", "ar"])


def test_une_recherche_prend_deux_instructions(appeler, creneau, django_assert_num_queries):
    corps = {"specialite": "SM54", "commune": "59350"}
    appeler(corps)  # la commune et la spécialité sont retenues

    with django_assert_num_queries(2):  # le jeton et son compte ; l’offre, et si l’on tient une place
        assert appeler(corps).json()["total"] == 1


@pytest.mark.parametrize("code", ["SM26", "SM53", "SM54", "sm54"])
def test_les_trois_codes_de_la_medecine_generale_se_valent(appeler, creneau, code):
    assert appeler({"specialite": code, "commune": "59350"}).json()["total"] == 1


@pytest.mark.parametrize(
    "ou",
    [
        pytest.param({"commune": "59350"}, id="commune"),
        pytest.param({"adresse": "12 rue Nationale, 59000 Lille"}, id="adresse"),
        pytest.param({"position": {"lat": 50.63, "lon": 3.06}}, id="position"),
    ],
)
def test_le_lieu_se_donne_de_trois_facons(appeler, creneau, ou):
    reponse = appeler({"specialite": "SM54"} | ou)

    assert reponse.json()["total"] == 1
    assert reponse.json()["rayon_km"] == 10


@pytest.mark.parametrize(
    ("corps", "champ"),
    [
        pytest.param({"commune": "59350"}, "specialite", id="sans spécialité"),
        pytest.param({"specialite": "SM99", "commune": "59350"}, "specialite", id="spécialité inconnue"),
        pytest.param({"specialite": "SM54"}, "non_field_errors", id="sans lieu"),
        pytest.param(
            {"specialite": "SM54", "commune": "59350", "adresse": "Lille"},
            "non_field_errors",
            id="deux lieux",
        ),
        pytest.param({"specialite": "SM54", "commune": "99999"}, "commune", id="commune inconnue"),
        pytest.param({"specialite": "SM54", "commune": "lille"}, "commune", id="commune mal formée"),
        pytest.param({"specialite": "SM54", "adresse": "Zzyzx"}, "adresse", id="adresse introuvable"),
        pytest.param({"specialite": "SM54", "position": {"lat": 40.4, "lon": -3.7}}, "position", id="Madrid"),
        pytest.param(
            {"specialite": "SM54", "position": {"lat": 0, "lon": 0}}, "position", id="golfe de Guinée"
        ),
        pytest.param(
            {"specialite": "SM54", "position": {"lat": 91, "lon": 0}}, "position", id="hors du globe"
        ),
        pytest.param({"specialite": "SM54", "position": {"lat": 48}}, "position", id="sans longitude"),
        pytest.param({"specialite": "SM54", "commune": "59350", "rayon_km": 0}, "rayon_km", id="rayon nul"),
        pytest.param(
            {"specialite": "SM54", "commune": "59350", "rayon_km": 9999}, "rayon_km", id="trop large"
        ),
        pytest.param({"specialite": "SM54", "commune": "59350", "page": 0}, "page", id="page zéro"),
        pytest.param(
            {"specialite": "SM54", "commune": "59350", "par_page": 1000}, "par_page", id="page énorme"
        ),
        pytest.param(
            {"specialite": "SM54", "commune": "59350", "filtres": {"modalites": ["lune"]}},
            "filtres",
            id="modalité",
        ),
    ],
)
def test_une_demande_fausse_est_refusee_sur_son_champ(appeler, corps, champ):
    reponse = appeler(corps)

    assert reponse.status_code == 400
    assert reponse.headers["Content-Type"] == "application/problem+json"
    assert champ in reponse.json()["erreurs"]


@pytest.mark.parametrize("corps", ["{", "[]", '"texte"', "null", "\x00"])
def test_un_corps_illisible_est_un_400(appeler, corps):
    assert appeler(corps).status_code == 400


def test_les_filtres_s_appliquent(appeler, creneau):
    corps = {"specialite": "SM54", "commune": "59350", "filtres": {"disponibilite": "hors"}}

    assert appeler(corps).json()["total"] == 0


def test_sans_jeton_la_reponse_est_un_401(client, db):
    reponse = client.post(URL, {}, content_type="application/json")

    assert reponse.status_code == 401
    assert reponse.headers["WWW-Authenticate"].startswith("Bearer")


def test_une_portee_d_orientation_ne_permet_pas_de_chercher(client, osnp, maintenant):
    JetonFactory(compte=osnp, portees=[Portee.ORIENTATION], empreinte=Jeton.empreinte_de("autre"))

    reponse = client.post(URL, {}, content_type="application/json", headers={"Authorization": "Bearer autre"})

    assert reponse.status_code == 403


@pytest.mark.parametrize("role", Role)
def test_la_recherche_suit_le_role(client, medecine_generale, maintenant, role):
    CommuneFactory()
    JetonFactory(compte=CompteFactory(role=role), empreinte=Jeton.empreinte_de(role))

    reponse = client.post(
        URL,
        {"specialite": "SM54", "commune": "59350"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {role}"},
    )

    voient = {Role.OSNP, Role.REGULATEUR, Role.IOA, Role.ADMINISTRATEUR, Role.GESTIONNAIRE_COMPTES}
    assert reponse.status_code == (200 if role in voient else 403)
