"""Ce que l’éditeur simulé répond aux recherches, au-delà de ce que le kit demande."""

import json
import re
from urllib.parse import urlsplit

import pytest
from fhir.resources.R4B.bundle import Bundle

from agenda.editeurs.client import url_creneaux
from agenda.editeurs.normaliseur import normaliser
from agenda.editeurs.verdicts import Demande, fenetre_interrogee
from sas_platform.demo.editeur_simule.application import EditeurSimule
from sas_platform.demo.editeur_simule.jeu_kit import SOS, A, B, C, D
from sas_platform.demo.editeur_simule.titulaires import Lieu, Praticien
from tests.kit.client import MAINTENANT, demander, editeur_du_kit, ressources
from tests.kit.profils import VERSIONS, Profils

_SAS = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition"
TITULAIRES = {"ps": (A, B, C, D), "cpts": (A, B, C, D), "sos": (SOS,)}


def recherche(cas, *titulaires):
    identifiants = [titulaire.identifiant for titulaire in titulaires]
    return url_creneaux("/fhir", identifiants, fenetre_interrogee(MAINTENANT), cas)


def chercher(cas, *titulaires):
    reponse = demander(editeur_du_kit(), recherche(cas, *titulaires))
    assert reponse.statut == 200
    return reponse.json()


# --- SOS Médecins : le kit n’en dit rien ------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_la_reponse_sos_est_conforme_a_ses_profils(version):
    bundle = chercher("sos", SOS)

    assert Bundle.model_validate(bundle).type == "searchset"
    assert Profils(version).ecarts(bundle) == []


def test_sos_cherche_des_agendas_et_les_creneaux_les_suivent():
    bundle = chercher("sos", SOS)
    modes = {e["resource"]["resourceType"]: e["search"]["mode"] for e in bundle["entry"]}
    slots = ressources(bundle, f"{_SAS}/sas-sos-slot-aggregator")

    assert modes == {"Schedule": "match", "Slot": "include", "Location": "include", "Organization": "include"}
    assert bundle["entry"][0]["resource"]["resourceType"] == "Schedule"
    assert bundle["total"] == len(slots)
    assert {s["code"] for slot in slots for s in slot["meta"]["security"]} == {"PUBLIC", "SNP"}


def test_chaque_point_fixe_a_son_agenda_et_mene_a_l_association():
    bundle = chercher("sos", SOS)
    points = ressources(bundle, f"{_SAS}/sas-sos-location-aggregator")
    (association,) = ressources(bundle, f"{_SAS}/sas-sos-organization-aggregator")
    acteurs = [a["actor"] for a in ressources(bundle, f"{_SAS}/sas-sos-schedule-aggregator")]

    assert sorted(acteur["reference"] for (acteur,) in acteurs) == [f"Location/{p['id']}" for p in points]
    assert {p["managingOrganization"]["reference"] for p in points} == {f"Organization/{association['id']}"}
    assert association["identifier"][0]["value"] == SOS.siret


def test_une_association_ne_repond_pas_a_la_recherche_de_praticiens_ni_l_inverse():
    assert chercher("ps", SOS)["total"] == 0
    assert chercher("sos", A)["total"] == 0


# --- Les trois cas ----------------------------------------------------------------------


@pytest.mark.parametrize("cas", TITULAIRES)
def test_notre_propre_lecteur_garde_tout_ce_qu_emet_l_editeur(cas):
    url = recherche(cas, *TITULAIRES[cas])
    identifiants = frozenset(t.identifiant for t in TITULAIRES[cas])
    corps = demander(editeur_du_kit(), url).corps
    demande = Demande(
        cas, identifiants, fenetre_interrogee(MAINTENANT), frozenset({"127.0.0.1"}), http_local=True, url=url
    )

    lecture = normaliser([corps], demande)

    assert lecture.comptes().keys() == {"garde"}
    assert {creneau.proprietaire for creneau in lecture.gardes()} == identifiants
    assert not lecture.avertissements


@pytest.mark.parametrize("cas", TITULAIRES)
def test_un_inconnu_donne_un_bundle_vide_sans_entree(cas):
    inconnu = Praticien("810000000999" if cas != "sos" else "310000000000009", "X", "Y", "", ())

    bundle = chercher(cas, inconnu)

    assert (bundle["total"], "entry" in bundle, len(bundle["link"])) == (0, False, 1)


@pytest.mark.parametrize("cas", TITULAIRES)
def test_un_praticien_sans_creneau_dans_la_fenetre_ne_parait_pas(cas):
    hier = recherche(cas, *TITULAIRES[cas]).replace("2026-11-2", "2026-10-2")

    assert demander(editeur_du_kit(), hier).json()["total"] == 0


@pytest.mark.parametrize("cas", TITULAIRES)
@pytest.mark.parametrize(
    "ecrire",
    [
        pytest.param(lambda r: r.replace("?", "/?", 1), id="barre finale"),
        pytest.param(lambda r: r.replace("%2B", "+"), id="+ non encodé"),
        pytest.param(lambda r: r.replace("%7C", "|"), id="| non encodé"),
        pytest.param(lambda r: r.replace(".000", ""), id="sans millisecondes"),
        pytest.param(lambda r: r.replace("%2B01:00", ""), id="sans décalage"),
        pytest.param(lambda r: r.replace(",", ",%20"), id="espace après la virgule"),
        pytest.param(lambda r: re.sub(r"%7C[38]", "%7C", r), id="identifiants sans préfixe"),
        pytest.param(lambda r: f"{r}&_format=json&_count=1000", id="paramètres de trop"),
    ],
)
def test_les_ecritures_fautives_des_exemples_du_guide_sont_comprises(cas, ecrire):
    envoyee = ecrire(recherche(cas, *TITULAIRES[cas]))

    bundle = demander(editeur_du_kit(), envoyee).json()

    assert bundle["total"] == chercher(cas, *TITULAIRES[cas])["total"] > 0
    assert urlsplit(bundle["link"][0]["url"]).query == envoyee.partition("?")[2]


@pytest.mark.parametrize(
    "accepte",
    ["application/json+fhir", "application/fhir+json", "application/json", "*/*", "application/fhir+json;charset=utf-8"],
)  # fmt: skip
def test_toutes_les_ecritures_du_type_demande_sont_servies(accepte):
    reponse = demander(editeur_du_kit(), recherche("ps", A), headers={"Accept": accepte})

    assert (reponse.statut, reponse.type.split(";")[0]) == (200, "application/fhir+json")


@pytest.mark.parametrize(
    "requete",
    [
        "Slot?",
        "Slot?start=ge2026&start=le2026",
        "Slot?start=gehier&start=ledemain&schedule.actor:Practitioner.identifier=x",
        "Schedule?start=ge2026-11-23&start=le2026-11-24",
        "Slot?start=ge2026-11-23&start=le2026-11-24&schedule.actor:Practitioner.identifier="
        + ",".join(map(str, range(26))),
    ],
)
def test_une_requete_incomplete_recoit_un_operationoutcome(requete):
    reponse = demander(editeur_du_kit(), f"/fhir/{requete}")

    assert (reponse.statut, reponse.json()["resourceType"]) == (400, "OperationOutcome")


def test_aucune_valeur_vide_n_est_envoyee():
    nu = Praticien(
        "810000000209", "FICTIF", "", "", (Lieu("", "1 rue", "Lille", "59000", "", "Europe/Paris"),)
    )
    serveur = EditeurSimule([nu], horloge=lambda: MAINTENANT, graine=7)

    corps = demander(serveur, recherche("ps", nu)).corps

    assert json.loads(corps)["total"] > 0
    assert not re.search(rb'""|\[\]|\{\}|null', corps)


# --- Capacités ------------------------------------------------------------------------


def test_les_capacites_sont_vraies():
    """Ce qui est déclaré répond ; ce qui ne l’est pas est refusé en FHIR."""
    declare = {
        (ressource["type"], interaction["code"])
        for ressource in demander(editeur_du_kit(), "/fhir/metadata").json()["rest"][0]["resource"]
        for interaction in ressource["interaction"]
    }
    methodes = {"search-type": "GET", "create": "POST", "update": "PUT"}
    repondent = set()
    for type_ in ("Slot", "Schedule", "Practitioner", "PractitionerRole", "Appointment", "Patient"):
        for interaction, methode in methodes.items():
            reponse = demander(editeur_du_kit(), f"/fhir/{type_}", methode)
            if reponse.statut != 404:
                repondent.add((type_, interaction))
            assert reponse.json()["resourceType"] == "OperationOutcome"

    assert repondent == declare
