"""Lignes du kit propres aux CPTS : 4.3.11 à 4.3.13, 4.8 et 4.9."""

import re

import pytest

from sas_platform.demo.editeur_simule.jeu_kit import CPTS_1, CPTS_2, A, B
from tests.kit.client import ORGANISATION, SERVICE, SLOT, chercher, liens_cpts, ressources
from tests.kit.liste import ligne

SLOT_CPTS = SLOT["cpts"]
CATEGORIE = (
    "https://mos.esante.gouv.fr/NOS/TRE_R66-CategorieEtablissement/FHIR/TRE-R66-CategorieEtablissement"
)
FINESS = re.compile(r"1\d{9}")


def _par_reference(bundle, profil):
    return {f"{r['resourceType']}/{r['id']}": r for r in ressources(bundle, profil)}


@ligne("4.3.11")
def test_4_3_11_un_service_par_cpts():
    bundle = chercher("cpts", A)

    assert len(ressources(bundle, SERVICE)) == len(ressources(bundle, ORGANISATION)) == 1


@ligne("4.3.12")
def test_4_3_12_tout_lien_604_mene_au_service_et_lui_a_sa_cpts():
    bundle = chercher("cpts", A)
    ((service, corps),) = _par_reference(bundle, SERVICE).items()
    ((organisation, _),) = _par_reference(bundle, ORGANISATION).items()
    liens = {lien for slot in ressources(bundle, SLOT_CPTS) for lien in liens_cpts(slot)}

    assert corps["providedBy"]["reference"] == organisation
    assert liens == {service}


@ligne("4.3.13")
def test_4_3_13_la_cpts_a_un_finess_prefixe():
    (organisation,) = ressources(chercher("cpts", A), ORGANISATION)

    assert FINESS.fullmatch(organisation["identifier"][0]["value"])
    assert organisation["identifier"][0]["value"] == CPTS_1.finess


@ligne("4.8.1.01", "4.8.2.01", "4.8.1.02", "4.8.1.03", "4.8.2.02", "4.8.2.03")
def test_4_8_x_01_a_4_8_x_03_deux_services_et_deux_cpts():
    bundle = chercher("cpts", B)

    assert len(ressources(bundle, SLOT_CPTS)) >= 2
    assert len(ressources(bundle, SERVICE)) >= 2
    assert len(ressources(bundle, ORGANISATION)) >= 2


@ligne("4.8.1.04", "4.8.2.04")
def test_4_8_x_04_chaque_code_de_visibilite_est_cpts():
    for slot in ressources(chercher("cpts", B), SLOT_CPTS):
        assert [security["code"] for security in slot["meta"]["security"]] == ["CPTS"]


@ligne("4.8.1.05", "4.8.2.05")
def test_4_8_x_05_le_code_604_est_dans_son_systeme():
    for slot in ressources(chercher("cpts", B), SLOT_CPTS):
        codings = [coding for service in slot["serviceType"] for coding in service.get("coding", ())]
        assert {"system": CATEGORIE, "code": "604"} in codings


@ligne("4.8.1.06")
def test_4_8_1_06_chaque_lien_mene_a_un_service():
    bundle = chercher("cpts", B)
    services = _par_reference(bundle, SERVICE)

    for slot in ressources(bundle, SLOT_CPTS):
        assert liens_cpts(slot)
        assert set(liens_cpts(slot)) <= services.keys()


@ligne("4.8.1.07", "4.8.2.07")
def test_4_8_x_07_chaque_service_mene_a_sa_cpts():
    bundle = chercher("cpts", B)
    organisations = _par_reference(bundle, ORGANISATION)
    porteurs = [service["providedBy"]["reference"] for service in ressources(bundle, SERVICE)]

    assert {organisations[p]["identifier"][0]["value"] for p in porteurs} == {CPTS_1.finess, CPTS_2.finess}
    assert len(set(porteurs)) == len(porteurs)


@ligne("4.8.2.06")
def test_4_8_2_06_un_creneau_mene_a_deux_cpts():
    bundle = chercher("cpts", B)

    assert max(len(set(liens_cpts(slot))) for slot in ressources(bundle, SLOT_CPTS)) == 2


@ligne("4.9.01", "4.9.02", "4.9.03")
@pytest.mark.parametrize("praticien", [A, B], ids=["A", "B"])
def test_4_9_01_a_4_9_03_la_cpts_a_un_nom_et_un_telephone(praticien):
    for organisation in ressources(chercher("cpts", praticien), ORGANISATION):
        assert organisation["name"].strip()
        assert organisation["telecom"][0]["value"].strip()


def test_une_recherche_de_ps_ne_montre_ni_cpts_ni_creneau_qui_ne_serait_qu_a_elles():
    bundle = chercher("ps", A, B)
    visibilites = {s["code"] for slot in ressources(bundle, SLOT["ps"]) for s in slot["meta"]["security"]}

    assert "CPTS" not in visibilites
    assert {e["resource"]["resourceType"] for e in bundle["entry"]}.isdisjoint(
        {"HealthcareService", "Organization"}
    )


def test_le_type_de_consultation_d_un_creneau_de_cpts_ne_porte_pas_le_lien():
    for slot in ressources(chercher("cpts", B), SLOT_CPTS):
        for service in slot["serviceType"]:
            assert ("extension" in service) == any(c["code"] == "604" for c in service.get("coding", ()))
