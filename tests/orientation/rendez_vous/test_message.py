"""Lecture d’un Appointment : les exemples officiels, les écarts admis, chaque refus et son état."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from orientation.enums import StatutRendezVous
from orientation.rendez_vous.message import Cle, MessageRefuse, RendezVousLu, lire, lire_cle_de_requete
from tests.orientation.rendez_vous.conftest import (
    SYSTEME,
    VALEUR,
    lire_exemple,
    message,
    operateur,
    participant,
)

PERSONNE = "urn:oid:1.2.250.1.71.4.2.1"
SAS = "urn:oid:1.2.250.1.213.3.6"
UUID = "0c0f6a53-6f4c-4d9e-8a0a-0d3f8f0f3a11"


def lu(**changements) -> RendezVousLu:
    return lire(json.dumps(message(**changements)).encode())


def refus(octets: bytes) -> tuple[int, str]:
    with pytest.raises(MessageRefuse) as leve:
        lire(octets)
    return leve.value.status, leve.value.code


def refus_de(**changements) -> tuple[int, str]:
    return refus(json.dumps(message(**changements)).encode())


@pytest.mark.parametrize(
    ("exemple", "statut", "professionnel", "est_sos"),
    [
        ("1.1.0/Appointment-1", StatutRendezVous.CONFIRME, "810100050075", False),
        ("1.1.0/Appointment-2", StatutRendezVous.ANNULE, "810100050075", False),
        ("1.2.0/Appointment-1", StatutRendezVous.CONFIRME, "810100050075", False),
        ("1.2.0/Appointment-2", StatutRendezVous.ANNULE, "810100050075", False),
        ("1.2.0/Appointment-12345678", StatutRendezVous.EN_ATTENTE, "", True),
    ],
)
def test_les_exemples_officiels_se_lisent(exemple, statut, professionnel, est_sos):
    lecture = lire(json.dumps(lire_exemple(exemple)).encode())

    assert (lecture.statut, lecture.professionnel, lecture.est_sos) == (statut, professionnel, est_sos)
    assert lecture.cle == Cle(SYSTEME, VALEUR)
    assert lecture.regulateur == Cle(PERSONNE, "3456780581/11242343")
    assert lecture.debut == datetime(2022, 9, 4, 13, tzinfo=UTC)
    assert lecture.pris_le == (
        datetime(2022, 9, 4, 9, tzinfo=UTC) if "created" in lire_exemple(exemple) else None
    )
    assert not lecture.patient_ecarte


@pytest.mark.parametrize(
    "changements",
    [
        pytest.param({"meta": None}, id="profil absent"),
        pytest.param(
            {"meta": {"profile": ["http://interopsante.org/fhir/StructureDefinition/FrAppointmentSAS"]}}
        ),
        pytest.param(
            {"meta": {"profile": ["http://sas.fr/fhir/StructureDefinition/FrAppointmentSAS|1.1.0"]}}
        ),
        pytest.param({"status": "BOOKED"}, id="majuscules du guide"),
        pytest.param(
            {"participant": [participant("810100050075", status="needs-action")]}, id="needs-action"
        ),
        pytest.param({"start": "2026-11-02T08:00:00.123Z"}, id="Z et millisecondes"),
        pytest.param({"created": "2026-11"}, id="created partiel"),
        pytest.param({"text": {"status": "generated", "div": "<div>secret</div>"}}, id="texte"),
        pytest.param({"comment": "secret", "description": "secret", "reasonCode": [{"text": "secret"}]}),
    ],
)
def test_les_ecarts_des_deux_versions_sont_admis(changements):
    lecture = lu(**changements)

    assert lecture.professionnel == "810100050075"
    assert "secret" not in repr(lecture)


@pytest.mark.parametrize(
    ("systeme", "valeur", "code", "attendu"),
    [
        (PERSONNE, "810100050075", "IDNPS", Cle(PERSONNE, "810100050075")),
        (SAS, UUID, "INTRN", Cle(SAS, UUID)),
        ("", UUID, "", Cle(SAS, UUID)),
        ("urn:autre", "3456780581/1", "IDNPS", Cle(PERSONNE, "3456780581/1")),
        ("urn:autre", "compte-12", "INTRN", Cle(SAS, "compte-12")),
    ],
)
def test_l_identifiant_du_regulateur_est_national_ou_technique(systeme, valeur, code, attendu):
    assert lu(extension=operateur(systeme, valeur, code)).regulateur == attendu


INS = {"identifier": {"system": "urn:oid:1.2.250.1.213.1.4.8", "value": "260058815400233"}}


@pytest.mark.parametrize(
    "acteur",
    [
        pytest.param({"reference": "Patient/12"}, id="référence relative"),
        pytest.param(
            {"reference": "https://editeur.exemple.invalid/fhir/Patient/12"}, id="référence absolue"
        ),
        pytest.param({"type": "Patient", "display": "Jeanne Martin"}, id="type"),
        pytest.param({"reference": "RelatedPerson/1"}, id="proche"),
        pytest.param(INS, id="INS"),
        pytest.param({"identifier": {"type": {"coding": [{"code": "PI"}]}, "value": "12"}}, id="code PI"),
    ],
)
def test_un_patient_est_ecarte_et_signale(acteur):
    lecture = lu(participant=[{"actor": acteur, "status": "tentative"}, participant("810100050075")])

    assert lecture.patient_ecarte
    assert lecture.professionnel == "810100050075"
    assert all(mot not in repr(lecture) for mot in ("Martin", "260058815400233", "Patient/12"))


def test_un_patient_contenu_est_signale():
    assert lu(contained=[{"resourceType": "Patient", "id": "p"}]).patient_ecarte


def test_un_patient_ne_tient_pas_lieu_de_professionnel():
    assert refus_de(participant=[{"actor": {"reference": "Patient/1"}, "status": "accepted"}]) == (
        422,
        "professionnel",
    )


@pytest.mark.parametrize(
    ("changements", "attendu"),
    [
        pytest.param({"resourceType": "Slot"}, (400, "ressource"), id="autre ressource"),
        pytest.param({"status": None}, (400, "statut"), id="sans statut"),
        pytest.param({"status": 3}, (400, "forme"), id="statut numérique"),
        pytest.param({"status": "arrived"}, (422, "statut"), id="statut inattendu"),
        pytest.param({"status": "XX"}, (422, "statut"), id="statut inconnu"),
        pytest.param({"participant": None}, (400, "participant"), id="sans participant"),
        pytest.param({"participant": []}, (400, "participant"), id="participant vide"),
        pytest.param({"participant": [{"status": "accepted"}]}, (422, "professionnel"), id="sans acteur"),
        pytest.param(
            {"participant": [participant("810100050075", status="declined")]},
            (422, "participant"),
            id="décliné",
        ),
        pytest.param({"participant": [participant("12")]}, (422, "professionnel"), id="RPPS mal formé"),
        pytest.param({"participant": {"a": 1}}, (400, "forme"), id="participant non liste"),
        pytest.param({"participant": ["a"]}, (400, "forme"), id="participant texte"),
        pytest.param({"start": None}, (422, "instant"), id="sans début"),
        pytest.param({"start": "2026-11-02T09:00:00"}, (400, "instant"), id="sans décalage"),
        pytest.param({"start": "2026-11-02"}, (400, "instant"), id="jour seul"),
        pytest.param({"start": "2026-13-02T09:00:00Z"}, (400, "instant"), id="mois 13"),
        pytest.param({"start": "0001-01-01T00:00:00+14:00"}, (400, "instant"), id="avant l’an 1"),
        pytest.param({"end": "9999-01-01T00:00:00Z"}, (422, "instant"), id="an 9999"),
        pytest.param({"end": "2026-11-02T09:00:00+01:00"}, (422, "intervalle"), id="durée nulle"),
        pytest.param({"extension": None}, (422, "regulateur"), id="sans régulateur"),
        pytest.param({"extension": operateur(PERSONNE, "8") * 2}, (422, "regulateur"), id="deux régulateurs"),
        pytest.param({"extension": operateur(PERSONNE, "")}, (422, "regulateur"), id="régulateur vide"),
        pytest.param(
            {"meta": {"profile": ["http://sas.fr/x/FrSlotAgregateur"]}}, (422, "profil"), id="profil"
        ),
        pytest.param({"meta": {"profile": "http://x"}}, (400, "forme"), id="profil texte"),
        pytest.param({"identifier": [{"value": "a"}, {"value": "b"}]}, (422, "identifiant"), id="deux"),
        pytest.param({"identifier": [{"system": "a"}]}, (422, "identifiant"), id="sans valeur"),
        pytest.param({"identifier": [{"value": "x" * 10_000}]}, (400, "longueur"), id="10 ko"),
        pytest.param({"identifier": [{"value": "a\u0000b"}]}, (400, "signe"), id="signe nul"),
    ],
)
def test_chaque_refus_a_son_etat_et_son_code(changements, attendu):
    assert refus_de(**changements) == attendu


@pytest.mark.parametrize(
    ("octets", "attendu"),
    [
        pytest.param(b"", (400, "json"), id="vide"),
        pytest.param(b"[]", (400, "json"), id="liste"),
        pytest.param(b"\xff\xfe", (400, "json"), id="pas de l’UTF-8"),
        pytest.param(b'{"a":1,"a":2}', (400, "json"), id="clé répétée"),
        pytest.param(b'{"a":{"b":1,"b":1}}', (400, "json"), id="clé répétée plus bas"),
        pytest.param(b'{"a":NaN}', (400, "json"), id="NaN"),
        pytest.param(b'{"a":"\\ud800"}', (400, "json"), id="moitié de caractère"),
        pytest.param(b'{"a":' * 40 + b"1" + b"}" * 40, (400, "profondeur"), id="profond"),
        pytest.param(b"[" * 100_000, (400, "profondeur"), id="abîme"),
        pytest.param(b'{"a":' + b"9" * 10_000 + b"}", (400, "json"), id="nombre démesuré"),
    ],
)
def test_un_corps_hostile_est_un_400(octets, attendu):
    etat, code = refus(octets)

    assert etat == 400
    assert code in (attendu[1], "json")


@pytest.mark.parametrize(
    ("parametres", "attendu"),
    [
        pytest.param([("identifier", f"{SYSTEME}|{VALEUR}")], Cle(SYSTEME, VALEUR), id="minuscules"),
        pytest.param([("Identifier", f"{SYSTEME}|{VALEUR}")], Cle(SYSTEME, VALEUR), id="majuscule"),
        pytest.param([("identifier", VALEUR)], Cle("", VALEUR), id="sans système"),
        pytest.param([("identifier", f"|{VALEUR}")], Cle("", VALEUR), id="système vide"),
        pytest.param([("identifier", "a|1"), ("IDENTIFIER", "a|1")], Cle("a", "1"), id="répété, le même"),
        pytest.param([("_format", "json")], None, id="absent"),
    ],
)
def test_la_requete_designe_le_rendez_vous(parametres, attendu):
    assert lire_cle_de_requete(parametres) == attendu


@pytest.mark.parametrize(
    "parametres",
    [[("identifier", "a|1"), ("identifier", "a|2")], [("identifier", "a|")], [("identifier", "")]],
)
def test_une_requete_ambigue_ou_vide_est_refusee(parametres):
    with pytest.raises(MessageRefuse) as leve:
        lire_cle_de_requete(parametres)

    assert leve.value.status == 400
