"""Le petit validateur de profils : il voit ce qu’il dit voir, et les exemples officiels passent."""

import copy
import json

import pytest

from sas_platform.demo.editeur_simule.jeu_kit import SOS, A
from tests.agenda.editeurs.test_exemples_officiels import DONNEES, EXEMPLES
from tests.kit.client import editeur_du_kit
from tests.kit.mutations import Vise
from tests.kit.profils import VERSIONS, Profils
from tests.kit.recherches import chercher_par_nous
from tests.kit.test_comptes import regulateur

ECARTS = [
    ("ps", lambda v: v.bundle.update(type="collection"), ".type[0] : doit contenir 'searchset'"),
    ("ps", lambda v: v.slot.pop("start"), ".start : 1 au moins"),
    ("ps", lambda v: v.slot.update(status="busy"), ".status[0] : 'free' attendu"),
    ("ps", lambda v: v.slot["meta"]["security"][0].update(code="PRIVATE"), "JDV_J165"),
    ("ps", lambda v: v.slot["serviceType"][0]["coding"][0].update(code="XX"), "v3-ActEncounterCode"),
    ("ps", lambda v: v.slot.update(specialty=[{"text": "Médecine"}]), "fr-practitioner-specialty"),
    ("ps", lambda v: v.slot["schedule"].update(reference="Practitioner/x"), "n’est pas du type ['Schedule']"),
    ("ps", lambda v: v.agenda.pop("actor"), ".actor : 1 au moins"),
    ("ps", lambda v: v.praticien["identifier"][0].update(system="urn:x"), "1.2.250.1.71.4.2.1"),
    ("ps", lambda v: v.praticien["identifier"][0]["type"]["coding"][0].update(code="INTRN"), "IDNPS"),
    ("ps", lambda v: v.role.pop("location"), ".location : 1 au moins"),
    ("ps", lambda v: v.role.pop("contained"), ".contained : 1 au moins"),
    ("ps", lambda v: v.lieu["address"].update(line=["a", "b"]), ".line : 1 au plus"),
    ("ps", lambda v: v.lieu["address"].pop("city"), ".city : 1 au moins"),
    ("ps", lambda v: v.slot["meta"].update(profile=["http://autre"]), "un profil connu, et un seul"),
    ("ps", lambda v: v.slot["meta"]["profile"].append("http://autre"), "un profil connu, et un seul"),
    ("ps", lambda v: v.slot["meta"].update(profile=v.agenda["meta"]["profile"]), "est d’un autre type"),
    ("cpts", lambda v: v.bundle.pop("total"), ".total : 1 au moins"),
    ("cpts", lambda v: v.bundle["link"].append({"relation": "next", "url": "x"}), ".link : 1 au plus"),
    ("cpts", lambda v: v.bundle["entry"][0].pop("fullUrl"), ".fullUrl : 1 au moins"),
    ("cpts", lambda v: v.oter(v.praticien), "practitionerAgregateur : 1 au moins"),
    ("cpts", lambda v: v.reserve_aux_cpts["serviceType"][1].pop("extension"), "extension : 1 au moins"),
    ("cpts", lambda v: v.les("HealthcareService")[0].pop("providedBy"), ".providedBy : 1 au moins"),
    ("cpts", lambda v: v.organisation["identifier"].append(v.organisation["identifier"][0]), ".identifier : 1 au plus"),
    ("cpts", lambda v: v.slot["appointmentType"]["coding"][0].update(code="XX"), "appointmentreason"),
    ("sos", lambda v: v.slot["meta"]["security"][0].update(code="PRO"), "sos-valueset-typecreneau"),
    ("sos", lambda v: v.lieu.pop("name"), ".name : 1 au moins"),
    ("sos", lambda v: v.lieu["hoursOfOperation"][0]["daysOfWeek"].append("lundi"), "days-of-week"),
    ("sos", lambda v: v.oter(v.organisation), ": 1 au moins"),
]  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("cas", "changer", "ecart"), [pytest.param(*e, id=f"{e[0]} {e[2]} {rang}") for rang, e in enumerate(ECARTS)]
)  # fmt: skip
def test_une_faute_de_profil_est_vue_et_dite(version, cas, changer, ecart):
    titulaire = SOS if cas == "sos" else A
    vise = Vise(copy.deepcopy(chercher_par_nous(editeur_du_kit, cas, titulaire)))
    changer(vise)

    ecarts = Profils(version).ecarts(vise.bundle)

    assert any(ecart in trouve for trouve in ecarts), ecarts


@pytest.mark.parametrize("fichier", EXEMPLES)
def test_les_exemples_officiels_sont_conformes_sauf_une_specialite_en_texte(fichier):
    """Le guide 1.2.0 montre une spécialité sans code, que sa propre liaison obligatoire refuse."""
    ecarts = Profils(fichier.split("/")[0]).ecarts(json.loads((DONNEES / fichier).read_bytes()))

    assert [e for e in ecarts if "specialty" not in e] == []
    assert len(ecarts) == (fichier == "1.2.0/Bundle-ExampleBundlePSIndiv.json")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("champs", "ecart"),
    [
        ({}, ""),
        ({"active": None}, ".active : 1 au moins"),
        ({"identifier": None}, ".identifier : 1 au moins"),
    ],
)
def test_le_corps_d_un_compte_de_regulateur_est_conforme_s_il_est_complet(version, champs, ecart):
    ecarts = Profils(version).ecarts(regulateur(**champs))

    assert any(ecart in trouve for trouve in ecarts) if ecart else ecarts == []
