"""Groupes 3 et 4.1 à 4.7 du kit : capacités, délai, profils et créneaux, pour les PS et pour les CPTS."""

import datetime as dt
import re
import time
from html import unescape
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from sas_platform.demo.editeur_simule.jeu_kit import A, B, C, D
from tests.kit.client import (
    BUNDLE,
    MAINTENANT,
    OPTIONS,
    PRACTITIONER,
    ROLE,
    SCHEDULE,
    SLOT,
    chercher,
    codes,
    demander,
    editeur_du_kit,
    requete,
    ressources,
)
from tests.kit.liste import ligne
from tests.kit.profils import VERSIONS, Profils

INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}[+-]\d{2}:\d{2}")
RPPS = re.compile(r"8\d{11}")
TELEPHONE = re.compile(r"\+(33|262|590|594|596)\d{9}")
IDNST = re.compile(r"1\d{9}|3\d{14}|4\d{14}")
SURLENDEMAIN = dt.date(2026, 11, 25)

deux_options = pytest.mark.parametrize("cas", OPTIONS)


@ligne("3.01")
def test_3_01_les_capacites_se_lisent():
    reponse = demander(editeur_du_kit(), "/fhir/metadata")

    assert reponse.statut == 200
    assert CapabilityStatement.model_validate_json(reponse.corps).fhirVersion == "4.0.1"


@ligne("4.1.01")
@deux_options
def test_4_1_01_un_praticien_repond_en_moins_d_une_seconde(cas):
    debut = time.perf_counter()
    bundle = demander(editeur_du_kit(), requete(cas, A)).json()

    assert bundle["total"] > 0
    assert time.perf_counter() - debut < 1


@ligne("4.2.01", "4.3.01", "4.6.01", "4.7.01", "4.4.01", "4.5.01")
@deux_options
@pytest.mark.parametrize(
    "praticiens",
    [
        pytest.param((A,), id="4.2.01 4.3.01 4.6.01 4.7.01"),
        pytest.param((B,), id="4.4.01"),
        pytest.param((C, D), id="4.5.01"),
    ],
)
def test_la_recherche_de_chaque_groupe_rend_un_bundle_qui_n_est_pas_vide(cas, praticiens):
    assert chercher(cas, *praticiens)["meta"]["profile"] == [BUNDLE[cas]]


@ligne("4.2.02")
@deux_options
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("praticiens", [(A,), (B,), (C, D), (A, B, C, D)], ids=["A", "B", "C-D", "tous"])
def test_4_2_02_le_bundle_est_conforme_a_ses_profils(cas, version, praticiens):
    bundle = chercher(cas, *praticiens)

    assert Profils(version).ecarts(bundle) == []


@ligne("4.2.02")
@deux_options
def test_4_2_02_le_bundle_a_la_structure_de_fhir(cas):
    reponse = demander(editeur_du_kit(), requete(cas, A, B, C, D))

    assert Bundle.model_validate_json(reponse.corps).total == reponse.json()["total"]


@ligne("4.3.02")
@deux_options
def test_4_3_02_un_lieu_donne_une_ressource_de_chaque_et_un_total_juste(cas):
    bundle = chercher(cas, A)

    assert [len(ressources(bundle, profil)) for profil in (PRACTITIONER, SCHEDULE, ROLE)] == [1, 1, 1]
    assert len(ressources(bundle, ROLE)[0]["contained"]) == 1
    assert bundle["total"] == len(ressources(bundle, SLOT[cas])) >= 1


@ligne("4.3.03", "4.6.02")
@deux_options
def test_4_3_03_et_4_6_02_le_rpps_est_celui_demande(cas):
    valeur = ressources(chercher(cas, A), PRACTITIONER)[0]["identifier"][0]["value"]

    assert valeur == A.identifiant_national
    assert RPPS.fullmatch(valeur)


@ligne("4.3.04")
@deux_options
def test_4_3_04_les_dates_sont_dans_la_fenetre_et_bien_ecrites(cas):
    for slot in ressources(chercher(cas, A, B, C, D), SLOT[cas]):
        assert INSTANT.fullmatch(slot["start"])
        assert INSTANT.fullmatch(slot["end"])
        debut, fin = (dt.datetime.fromisoformat(slot[borne]) for borne in ("start", "end"))
        assert MAINTENANT <= debut < fin
        assert debut.date() <= SURLENDEMAIN


@ligne("4.3.05")
@deux_options
def test_4_3_05_les_references_se_tiennent(cas):
    bundle = chercher(cas, A)
    (praticien,), (role,), (agenda,) = (ressources(bundle, p) for p in (PRACTITIONER, ROLE, SCHEDULE))

    assert role["practitioner"]["reference"] == f"Practitioner/{praticien['id']}"
    assert {acteur["reference"] for acteur in agenda["actor"]} == {
        f"Practitioner/{praticien['id']}",
        f"PractitionerRole/{role['id']}",
    }
    assert role["location"] == [{"reference": f"#{role['contained'][0]['id']}"}]


@ligne("4.3.06")
@deux_options
def test_4_3_06_l_adresse_est_complete(cas):
    adresse = ressources(chercher(cas, A), ROLE)[0]["contained"][0]["address"]

    assert adresse["line"][0]
    assert adresse["city"]
    assert re.fullmatch(r"\d{5}", adresse["postalCode"])


@ligne("4.3.07")
@deux_options
@pytest.mark.parametrize(
    "ecrire", [str, unquote, lambda r: r.replace("&", "&amp;")], ids=["", "brut", "html"]
)
def test_4_3_07_le_lien_self_porte_la_requete(cas, ecrire):
    envoyee = ecrire(requete(cas, A)).replace(" ", "%20")
    (lien,) = demander(editeur_du_kit(), requete(cas, A)).json()["link"]

    def parametres(adresse):
        return sorted(parse_qsl(urlsplit(unescape(adresse)).query.replace("+", "%2B")))

    assert lien["relation"] == "self"
    assert parametres(lien["url"]) == parametres(envoyee)


@ligne("4.3.08")
@deux_options
def test_4_3_08_chaque_creneau_a_un_lien_avec_une_requete_sans_rendez_vous_compris(cas):
    slots = ressources(chercher(cas, A, B, C, D), SLOT[cas])

    assert all(re.fullmatch(r"http://\S+\?\S+=\S+", slot["comment"]) for slot in slots)
    assert "WALKIN" in {slot["appointmentType"]["coding"][0]["code"] for slot in slots}


@ligne("4.3.09")
@deux_options
def test_4_3_09_tous_les_creneaux_sont_libres(cas):
    assert {slot["status"] for slot in ressources(chercher(cas, A), SLOT[cas])} == {"free"}


@ligne("4.3.10")
@deux_options
def test_4_3_10_les_types_de_rendez_vous_sont_ceux_du_guide(cas):
    slots = ressources(chercher(cas, A), SLOT[cas])

    assert {c["code"] for slot in slots for c in slot["appointmentType"]["coding"]} == {"ROUTINE", "WALKIN"}


@ligne("4.4.02", "4.4.03", "4.4.04")
@deux_options
def test_4_4_02_a_4_4_04_deux_lieux_font_un_praticien_deux_roles_et_deux_agendas(cas):
    bundle = chercher(cas, B)

    assert [len(ressources(bundle, profil)) for profil in (PRACTITIONER, ROLE, SCHEDULE)] == [1, 2, 2]


@ligne("4.4.05")
@deux_options
def test_4_4_05_les_deux_roles_sont_au_praticien(cas):
    bundle = chercher(cas, B)
    (praticien,) = ressources(bundle, PRACTITIONER)

    for role in ressources(bundle, ROLE):
        assert role["practitioner"]["reference"] == f"Practitioner/{praticien['id']}"


@ligne("4.4.06", "4.4.07")
@deux_options
def test_4_4_06_et_4_4_07_chaque_agenda_cite_un_role_present_et_le_praticien_une_fois(cas):
    bundle = chercher(cas, B)
    (praticien,) = ressources(bundle, PRACTITIONER)
    roles = {f"PractitionerRole/{role['id']}" for role in ressources(bundle, ROLE)}
    cites = set()

    for agenda in ressources(bundle, SCHEDULE):
        acteurs = [acteur["reference"] for acteur in agenda["actor"]]
        assert [a for a in acteurs if a.startswith("Practitioner/")] == [f"Practitioner/{praticien['id']}"]
        cites |= {a for a in acteurs if a.startswith("PractitionerRole/")}
    assert cites == roles


@ligne("4.4.08")
@deux_options
def test_4_4_08_chaque_role_cite_son_lieu_contenu(cas):
    for role in ressources(chercher(cas, B), ROLE):
        assert [lieu["reference"] for lieu in role["location"]] == [f"#{c['id']}" for c in role["contained"]]


@ligne("4.5.02", "4.5.03", "4.5.04")
@deux_options
def test_4_5_02_a_4_5_04_deux_praticiens_sont_rendus_ensemble(cas):
    bundle = chercher(cas, C, D)

    assert [len(ressources(bundle, profil)) for profil in (PRACTITIONER, ROLE, SCHEDULE)] == [2, 2, 2]


@ligne("4.6.03", "4.6.04")
@deux_options
def test_4_6_03_et_4_6_04_le_praticien_a_un_nom_et_un_prenom(cas):
    ((nom,),) = [praticien["name"] for praticien in ressources(chercher(cas, A), PRACTITIONER)]

    assert nom["family"].strip()
    assert nom["given"][0].strip()


@ligne("4.6.05")
@deux_options
def test_4_6_05_le_role_a_un_telephone_international(cas):
    (role,) = ressources(chercher(cas, A), ROLE)

    assert all(TELEPHONE.fullmatch(telecom["value"]) for telecom in role["telecom"])


@ligne("4.6.06")
@deux_options
@pytest.mark.parametrize("praticien", [A, B, C, D], ids=["A", "B", "C", "D"])
def test_4_6_06_le_role_a_un_identifiant_de_structure(cas, praticien):
    for role in ressources(chercher(cas, praticien), ROLE):
        assert IDNST.fullmatch(role["organization"]["identifier"]["value"])


@ligne("4.7.02")
@deux_options
def test_4_7_02_les_visibilites_sont_exactement_celles_annoncees(cas):
    slots = ressources(chercher(cas, A), SLOT[cas])
    annoncees = {"PUBLIC", "PRO", "SNP"} | ({"CPTS"} if cas == "cpts" else set())

    assert {security["code"] for slot in slots for security in slot["meta"]["security"]} == annoncees


@ligne("4.7.03")
@deux_options
def test_4_7_03_les_types_de_consultation_sont_exactement_ceux_annonces(cas):
    slots = ressources(chercher(cas, A), SLOT[cas])

    assert set.union(*map(codes, slots)) - {"604"} == {"AMB", "VR", "HH"}
