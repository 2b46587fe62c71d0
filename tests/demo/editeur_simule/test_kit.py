"""Ce que le kit de test officiel affirme d’un éditeur (parcours PS), rangé par numéro de test du kit."""

import asyncio
import datetime as dt
import json
import re
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from agenda.editeurs.client import url_creneaux
from agenda.editeurs.normaliseur import normaliser
from agenda.editeurs.verdicts import Demande, fenetre_interrogee
from sas_platform.demo.editeur_simule.agenda import Lieu, Praticien, est_complet
from sas_platform.demo.editeur_simule.application import EditeurSimule

MAINTENANT = dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC)
JOUR_PLUS_2 = dt.date(2026, 11, 25)
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}[+-]\d{2}:\d{2}")
GRAINE = 7


def _lieu(rang: int = 0, idnst: str = "1590000001") -> Lieu:
    return Lieu(idnst, f"{rang + 1} rue Nationale", "Lille", "59000", "+33320000000", "Europe/Paris")


def _praticien(numero: int, lieux: int) -> Praticien:
    places = tuple(_lieu(rang, ("1590000001", "359000000100011")[rang]) for rang in range(lieux))
    return Praticien(f"8100000000{numero:02}", f"FICTIF-{numero}", "Camille", "SM54", places)


def _avec_des_places(depart: int, lieux: int) -> list[Praticien]:
    tous = (_praticien(numero, lieux) for numero in range(depart, depart + 9))
    return [praticien for praticien in tous if not est_complet(praticien, GRAINE)]


A, C, D = _avec_des_places(0, lieux=1)[:3]
B = _avec_des_places(10, lieux=2)[0]


def editeur(**options: Any) -> EditeurSimule:
    return EditeurSimule([A, B, C, D], horloge=lambda: MAINTENANT, graine=GRAINE, **options)


def demander(
    serveur: EditeurSimule, chemin: str, methode: str = "GET", **options: Any
) -> tuple[int, str, bytes]:
    """(statut, type du contenu, corps) de la réponse à une requête, envoyée telle quelle."""

    async def appel() -> tuple[int, str, bytes]:
        async with TestServer(serveur.application()) as hote, TestClient(hote) as client:
            adresse = URL(chemin, encoded=True)
            async with client.request(methode, adresse, allow_redirects=False, **options) as reponse:
                return reponse.status, reponse.headers.get("Content-Type", ""), await reponse.read()

    return asyncio.run(appel())


def recherche(*praticiens: Praticien) -> str:
    identifiants = [p.identifiant_national for p in praticiens]
    return url_creneaux("/fhir", identifiants, fenetre_interrogee(MAINTENANT))


def chercher(*praticiens: Praticien) -> dict[str, Any]:
    statut, type_, corps = demander(editeur(), recherche(*praticiens))
    assert statut == 200
    assert type_.startswith("application/fhir+json")
    return json.loads(corps)


def ressources(bundle: dict[str, Any], type_: str) -> list[dict[str, Any]]:
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == type_]


@pytest.fixture(scope="module")
def un_lieu() -> dict[str, Any]:
    return chercher(A)


@pytest.fixture(scope="module")
def deux_lieux() -> dict[str, Any]:
    return chercher(B)


@pytest.fixture(scope="module")
def deux_praticiens() -> dict[str, Any]:
    return chercher(C, D)


def test_3_01_les_capacites_se_lisent():
    statut, _, corps = demander(editeur(), "/fhir/metadata")

    assert (statut, json.loads(corps)["resourceType"]) == (200, "CapabilityStatement")


@pytest.mark.parametrize("chemin", ["/fhir/Slot", "/fhir/Slot/"])
def test_4_2_01_la_recherche_repond_avec_ou_sans_barre_finale(chemin):
    statut, type_, corps = demander(editeur(), recherche(A).replace("/fhir/Slot", chemin))

    assert (statut, type_.split(";")[0]) == (200, "application/fhir+json")
    assert json.loads(corps)["entry"]


def test_4_3_02_un_lieu_donne_une_ressource_de_chaque_et_un_total_juste(un_lieu):
    nombres = [len(ressources(un_lieu, type_)) for type_ in ("Practitioner", "Schedule", "PractitionerRole")]

    assert nombres == [1, 1, 1]
    assert len(ressources(un_lieu, "PractitionerRole")[0]["contained"]) == 1
    assert un_lieu["total"] == len(ressources(un_lieu, "Slot")) >= 1


def test_4_3_03_le_rpps_est_celui_demande(un_lieu):
    identifiant = ressources(un_lieu, "Practitioner")[0]["identifier"][0]

    assert identifiant["value"] == A.identifiant_national
    assert re.fullmatch(r"8\d{11}", identifiant["value"])


def test_4_3_04_les_dates_sont_dans_la_fenetre_et_bien_ecrites(un_lieu):
    for slot in ressources(un_lieu, "Slot"):
        debut, fin = (dt.datetime.fromisoformat(slot[borne]) for borne in ("start", "end"))
        assert INSTANT.fullmatch(slot["start"])
        assert INSTANT.fullmatch(slot["end"])
        assert MAINTENANT <= debut < fin
        assert debut.date() <= JOUR_PLUS_2


def test_4_3_05_les_references_se_tiennent(un_lieu):
    (praticien,) = ressources(un_lieu, "Practitioner")
    (role,) = ressources(un_lieu, "PractitionerRole")
    (agenda,) = ressources(un_lieu, "Schedule")

    assert role["practitioner"]["reference"] == f"Practitioner/{praticien['id']}"
    assert {a["reference"] for a in agenda["actor"]} == {
        f"Practitioner/{praticien['id']}",
        f"PractitionerRole/{role['id']}",
    }
    assert role["location"] == [{"reference": f"#{role['contained'][0]['id']}"}]


def test_4_3_06_l_adresse_est_complete(un_lieu):
    adresse = ressources(un_lieu, "PractitionerRole")[0]["contained"][0]["address"]

    assert adresse["line"]
    assert adresse["city"]
    assert re.fullmatch(r"\d{5}", adresse["postalCode"])


def test_4_3_07_le_lien_self_porte_la_requete_telle_quelle(un_lieu):
    (lien,) = un_lieu["link"]

    assert urlsplit(lien["url"]).query == urlsplit(recherche(A)).query


def test_4_3_08_chaque_creneau_a_un_lien_avec_une_requete(un_lieu):
    assert all("?" in slot["comment"] for slot in ressources(un_lieu, "Slot"))


def test_4_3_09_tous_les_creneaux_sont_libres(un_lieu):
    assert {slot["status"] for slot in ressources(un_lieu, "Slot")} == {"free"}


def test_4_3_10_les_types_de_rendez_vous_sont_ceux_du_guide(un_lieu):
    codes = {slot["appointmentType"]["coding"][0]["code"] for slot in ressources(un_lieu, "Slot")}

    assert codes <= {"ROUTINE", "WALKIN"}


def test_4_4_02_a_4_4_04_deux_lieux_font_deux_roles_et_deux_agendas(deux_lieux):
    nombres = [len(ressources(deux_lieux, t)) for t in ("Practitioner", "PractitionerRole", "Schedule")]

    assert nombres == [1, 2, 2]


def test_4_4_05_a_4_4_08_les_deux_lieux_sont_au_meme_praticien(deux_lieux):
    (praticien,) = ressources(deux_lieux, "Practitioner")
    roles = {f"PractitionerRole/{r['id']}": r for r in ressources(deux_lieux, "PractitionerRole")}
    cites = [a["reference"] for s in ressources(deux_lieux, "Schedule") for a in s["actor"]]

    assert {r["practitioner"]["reference"] for r in roles.values()} == {f"Practitioner/{praticien['id']}"}
    assert sorted(c for c in cites if c.startswith("PractitionerRole")) == sorted(roles)
    assert cites.count(f"Practitioner/{praticien['id']}") == 2
    assert all(r["location"][0]["reference"] == f"#{r['contained'][0]['id']}" for r in roles.values())


def test_4_5_deux_praticiens_sont_rendus_ensemble(deux_praticiens):
    nombres = [len(ressources(deux_praticiens, t)) for t in ("Practitioner", "PractitionerRole", "Schedule")]

    assert nombres == [2, 2, 2]


def test_4_6_le_praticien_a_nom_prenom_telephone_et_identifiant_de_structure(un_lieu):
    (praticien,) = ressources(un_lieu, "Practitioner")
    (role,) = ressources(un_lieu, "PractitionerRole")

    assert praticien["name"][0]["family"]
    assert praticien["name"][0]["given"]
    assert re.fullmatch(r"\+(33|262|590|594|596)\d{9}", role["telecom"][0]["value"])
    assert re.fullmatch(r"1\d{9}|3\d{14}|4\d{14}", role["organization"]["identifier"]["value"])


def test_4_7_toutes_les_visibilites_et_tous_les_actes_paraissent(un_lieu):
    slots = ressources(un_lieu, "Slot")

    assert {s["code"] for slot in slots for s in slot["meta"]["security"]} == {"PUBLIC", "PRO", "SNP"}
    assert {c["code"] for slot in slots for t in slot["serviceType"] for c in t.get("coding", ())} == {
        "AMB",
        "VR",
        "HH",
    }


def test_les_profils_sont_ceux_du_guide_un_seul_par_ressource(un_lieu):
    profils = {e["resource"]["resourceType"]: e["resource"]["meta"]["profile"] for e in un_lieu["entry"]}
    racine = "http://sas.fr/fhir/StructureDefinition"

    assert un_lieu["meta"]["profile"] == [f"{racine}/BundleAgregateur"]
    assert profils == {
        "Slot": [f"{racine}/FrSlotAgregateur"],
        "Schedule": [f"{racine}/FrScheduleAgregateur"],
        "Practitioner": [f"{racine}/FrPractitionerAgregateur"],
        "PractitionerRole": [f"{racine}/FrPractitionerRoleExerciceAgregateur"],
    }


def test_aucune_valeur_vide_n_est_envoyee():
    nu = Praticien(
        "810000000209", "FICTIF", "", "", (Lieu("", "1 rue", "Lille", "59000", "", "Europe/Paris"),)
    )
    serveur = EditeurSimule([nu], horloge=lambda: MAINTENANT, graine=GRAINE)
    _, _, corps = demander(serveur, recherche(nu))

    assert not re.search(rb'""|\[\]|\{\}|null', corps)


def test_6_1_02_sans_origin_la_reservation_demande_de_se_connecter(un_lieu):
    lien = urlsplit(ressources(un_lieu, "Slot")[0]["comment"])

    statut, _, corps = demander(editeur(), f"{lien.path}?{lien.query}")

    assert statut == 401
    assert "connexion" in corps.decode().lower()


def test_6_1_03_avec_origin_la_page_nomme_le_ministere(un_lieu):
    lien = urlsplit(ressources(un_lieu, "Slot")[0]["comment"])

    statut, type_, corps = demander(editeur(), f"{lien.path}?{lien.query}&origin=sas-preprod")

    assert (statut, type_.split(";")[0]) == (200, "text/html")
    assert "ministère de la santé et de la prévention" in corps.decode()


# --- Au-delà du kit ------------------------------------------------------------


def test_un_praticien_inconnu_donne_un_bundle_vide_sans_entree():
    inconnu = Praticien("810000000999", "X", "Y", "", ())

    bundle = chercher(inconnu)

    assert (bundle["total"], "entry" in bundle, bool(bundle["link"])) == (0, False, True)


@pytest.mark.parametrize(
    "ecrire",
    [
        pytest.param(lambda r: r.replace("%2B", "+"), id="+ non encodé"),
        pytest.param(lambda r: r.replace("%7C", "|"), id="| non encodé"),
        pytest.param(lambda r: r.replace(".000", ""), id="sans millisecondes"),
        pytest.param(lambda r: r.replace("%2B01:00", ""), id="sans décalage"),
        pytest.param(lambda r: re.sub(r"urn[^|&,]*%7C", "urn:oid:1.2.250.1.71.4.2.1|", r).replace(",", ",%20"), id="espace après la virgule"),
        pytest.param(lambda r: r.replace(f"%7C{A.identifiant_national}", f"%7C{A.identifiant_national[1:]}"), id="RPPS sans préfixe"),
        pytest.param(lambda r: f"{r}&_include=Slot:service-type-reference", id="demande des CPTS"),
    ],
)  # fmt: skip
def test_les_ecritures_fautives_des_exemples_du_guide_sont_comprises(ecrire):
    attendu = chercher(A, C)

    statut, _, corps = demander(editeur(), ecrire(recherche(A, C)))

    assert statut == 200
    assert json.loads(corps)["total"] == attendu["total"]


@pytest.mark.parametrize(
    "requete",
    ["", "start=ge2026&start=le2026", "start=gehier&start=ledemain&schedule.actor:Practitioner.identifier=x"],
)
def test_une_requete_incomplete_recoit_un_operationoutcome(requete):
    statut, _, corps = demander(editeur(), f"/fhir/Slot?{requete}")

    assert (statut, json.loads(corps)["resourceType"]) == (400, "OperationOutcome")


def test_une_autre_ressource_est_inconnue():
    statut, _, corps = demander(editeur(), "/fhir/Patient")

    assert (statut, json.loads(corps)["resourceType"]) == (404, "OperationOutcome")


def test_notre_propre_lecteur_garde_tout_ce_qu_emet_l_editeur():
    url = recherche(A, B, C, D)
    _, _, corps = demander(editeur(), url)
    identifiants = frozenset(unquote(dict(parse_qsl(urlsplit(url).query))["schedule.actor:Practitioner.identifier"])
                             .replace("urn:oid:1.2.250.1.71.4.2.1|", "").split(","))  # fmt: skip

    lecture = normaliser(
        [corps],
        Demande(
            "ps",
            identifiants,
            fenetre_interrogee(MAINTENANT),
            frozenset({"127.0.0.1"}),
            http_local=True,
            url=url,
        ),
    )

    assert lecture.comptes().keys() == {"garde"}
    assert not lecture.avertissements
