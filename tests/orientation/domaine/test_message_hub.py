"""Le message du Hub Santé : les exemples officiels au caractère près, et tout rendez-vous possible, conforme."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orientation.domaine.message_hub import (
    Enveloppe,
    Organisation,
    Praticien,
    Regulateur,
    RendezVousPublie,
    horodate,
    identifiant_de_regulateur,
    message,
    organisation,
    praticien,
    rendez_vous,
)
from orientation.enums import CategorieHub, MethodeHub, StatutHub
from orientation.hub.validation import defauts

EXEMPLES = Path(__file__).parent.parent / "hub" / "exemples"
INSTANT = datetime(2026, 11, 1, 17, tzinfo=UTC)
ENVELOPPE = Enveloppe(
    "ptfsas_1", "fr.health.ptfsas", "fr.health.samu590", INSTANT, INSTANT + timedelta(days=1)
)


def relire(exemple: dict) -> RendezVousPublie:
    qui, vu = exemple["regulator"], exemple.get("practitioner")
    return RendezVousPublie(
        identifiant=UUID(exemple["appointmentId"]),
        pris_le=datetime.fromisoformat(exemple["created"]),
        debut=datetime.fromisoformat(exemple["start"]),
        fin=datetime.fromisoformat(exemple["end"]),
        fuseau="Europe/Paris",
        statut=StatutHub(exemple["status"]),
        categorie=CategorieHub(exemple["orientationCategory"]),
        regulateur=Regulateur(
            qui["regulatorName"],
            qui["regulatorFirstname"],
            qui["regulatorEmail"],
            qui.get("regulatorId", ""),
        ),
        praticien=vu
        and Praticien(
            vu["rppsId"],
            vu["lastName"],
            vu["firstName"],
            vu.get("specialityCode", ""),
            vu.get("professionCode", ""),
        ),
    )


@pytest.mark.parametrize("nom", sorted(chemin.stem for chemin in EXEMPLES.glob("*.json")))
def test_l_exemple_officiel_se_refait_a_l_identique(nom):
    exemple = json.loads((EXEMPLES / f"{nom}.json").read_text())["appointment"]

    refait = rendez_vous(relire(exemple), MethodeHub(exemple["method"]))

    assert refait == exemple
    assert defauts(message(relire(exemple), MethodeHub(exemple["method"]), ENVELOPPE)) == []


# Vingt ans autour des exemples, changements d’heure compris.
_INSTANTS = st.integers(0, 20 * 366 * 86_400 * 1_000_000).map(
    lambda microsecondes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=microsecondes)
)
_TEXTES = st.text(min_size=1, max_size=40)
_FUSEAUX = st.sampled_from(
    ["Europe/Paris", "Indian/Reunion", "America/Cayenne", "America/Miquelon", "Pacific/Noumea"]
)
_CHIFFRES = st.integers(0, 9_999_999_999).map(lambda n: f"{n:010d}")


@given(
    rdv=st.builds(
        RendezVousPublie,
        identifiant=st.uuids(),
        pris_le=_INSTANTS,
        debut=_INSTANTS,
        fin=st.none() | _INSTANTS,
        fuseau=_FUSEAUX,
        statut=st.sampled_from(StatutHub),
        categorie=st.none() | st.sampled_from(CategorieHub),
        regulateur=st.builds(Regulateur, _TEXTES, _TEXTES, st.emails(), st.just("") | _TEXTES),
        praticien=st.none()
        | st.builds(
            Praticien,
            _CHIFFRES.map(lambda suite: f"81{suite}"),
            _TEXTES,
            _TEXTES,
            st.sampled_from(["", "SM54"]),
            st.sampled_from(["", "10"]),
        ),
        organisation=st.none() | st.builds(Organisation, _TEXTES, _TEXTES),
    ),
    methode=st.sampled_from(MethodeHub),
)
def test_tout_rendez_vous_donne_un_message_conforme(rdv, methode):
    publie = message(rdv, methode, ENVELOPPE)

    assert defauts(publie) == []
    assert json.loads(json.dumps(publie)) == publie


@pytest.mark.parametrize(
    ("instant", "fuseau", "attendu"),
    [
        pytest.param("2026-07-01T07:00:00Z", "Europe/Paris", "2026-07-01T09:00:00+02:00", id="heure d’été"),
        pytest.param("2026-11-02T08:00:00Z", "Europe/Paris", "2026-11-02T09:00:00+01:00", id="heure d’hiver"),
        pytest.param(
            "2026-11-02T08:00:00.987654Z", "Europe/Paris", "2026-11-02T09:00:00+01:00", id="sans fraction"
        ),
        pytest.param("2026-11-02T08:00:00Z", "Indian/Reunion", "2026-11-02T12:00:00+04:00", id="La Réunion"),
        pytest.param(
            "2026-10-25T00:30:00Z", "Europe/Paris", "2026-10-25T02:30:00+02:00", id="première 2 h 30"
        ),
        pytest.param(
            "2026-10-25T01:30:00Z", "Europe/Paris", "2026-10-25T02:30:00+01:00", id="seconde 2 h 30"
        ),
        pytest.param("2026-11-02T08:00:00Z", "UTC", "2026-11-02T08:00:00-00:00", id="temps universel"),
    ],
)
def test_une_date_s_ecrit_a_la_seconde_avec_son_decalage(instant, fuseau, attendu):
    assert horodate(datetime.fromisoformat(instant), fuseau) == attendu


@pytest.mark.parametrize(
    ("identifiant", "admis"),
    [
        pytest.param("810005681340", True, id="RPPS"),
        pytest.param("800001288385", False, id="RPPS fictif du guide"),
        pytest.param("0599000001", False, id="ADELI"),
        pytest.param("8100056813401", False, id="treize chiffres"),
    ],
)
def test_le_professionnel_n_est_nomme_qu_avec_un_rpps_que_le_schema_admet(identifiant, admis):
    lu = praticien(identifiant=identifiant, nom="MOREL", prenom="Didier", savoir_faire=[], profession="10")

    assert (lu is not None) == admis


@pytest.mark.parametrize(
    ("savoir_faire", "attendue"), [(["SM54"], "SM54"), (["SM26", "SM54"], ""), (["CAPA01"], ""), ([], "")]
)
def test_la_specialite_n_est_dite_que_si_elle_est_seule(savoir_faire, attendue):
    lu = praticien(
        identifiant="810005681340", nom="M", prenom="D", savoir_faire=savoir_faire, profession="10"
    )

    assert lu.specialite == attendue


@pytest.mark.parametrize(
    ("finess", "siret", "nom", "attendu"),
    [
        ("590000001", "34173748400020", "MSP", "1590000001"),
        ("", "34173748400020", "SOS Médecins", "334173748400020"),
        ("", "", "Cabinet", None),
        ("590000001", "", "", None),
    ],
)
def test_une_structure_est_designee_par_son_finess_puis_son_siret(finess, siret, nom, attendu):
    lue = organisation(finess=finess, siret=siret, nom=nom)

    assert (lue and lue.identifiant) == attendu


def test_l_identifiant_technique_du_regulateur_ne_sort_pas():
    assert identifiant_de_regulateur("3f2504e0-4f89-11d3-9a0c-0305e82c3301") == ""
    assert identifiant_de_regulateur("3620100057/70326SR") == "3620100057/70326SR"


@pytest.mark.parametrize(
    ("ou", "champ"),
    [
        ((), "patient"),
        (("content", 0, "jsonContent"), "patient"),
        (("content", 0, "jsonContent", "embeddedJsonContent", "message"), "patient"),
        (("content", 0, "jsonContent", "embeddedJsonContent", "message", "appointment"), "patient"),
        (("content", 0, "jsonContent", "embeddedJsonContent", "message", "appointment"), "comment"),
        (("content", 0, "jsonContent", "embeddedJsonContent", "message", "appointment", "regulator"), "note"),
    ],
)
def test_un_champ_de_patient_n_a_sa_place_a_aucun_etage(ou, champ):
    exemple = json.loads((EXEMPLES / "RS-SAS-RDV_appointment_PS.01.json").read_text())["appointment"]
    publie = message(relire(exemple), MethodeHub.CREATION, ENVELOPPE)
    vise = publie
    for etage in ou:
        vise = vise[etage]
    vise[champ] = "Dupond, 3 rue des Lilas"

    trouves = defauts(publie)

    assert trouves
    assert "Dupond" not in " ".join(trouves)


def test_un_rendez_vous_sans_regulateur_est_refuse():
    exemple = json.loads((EXEMPLES / "RS-SAS-RDV_appointment_PS.01.json").read_text())["appointment"]
    publie = message(relire(exemple), MethodeHub.CREATION, ENVELOPPE)
    interieur = publie["content"][0]["jsonContent"]["embeddedJsonContent"]["message"]
    del interieur["appointment"]["regulator"]

    assert defauts(publie) == ["RS-SAS-RDV\u00a0: racine, required"]
