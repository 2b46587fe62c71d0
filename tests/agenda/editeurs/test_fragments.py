"""Le morceau de réponse que l’on garde d’un rejet n’a rien qui puisse être d’un patient."""

import json

import pytest

from agenda.editeurs.verdicts import RAISONS
from tests.agenda.editeurs.bundles import (
    RPPS,
    SIRET,
    agenda,
    agenda_complet,
    avec,
    lire,
    point_fixe_sos,
    praticien,
    role,
    sans,
    slot,
)

NIR = "185057800608436"
PATIENT = "Dupont Jeanne 3 rue des Lilas"


def _exemple(*ressources, **champs):
    """Motif, id et fragment du premier créneau écarté."""
    un = lire(*ressources, **champs).echantillons[0]
    return un.raison, un.slot, json.loads(un.fragment)


def test_le_fragment_montre_l_element_fautif():
    assert _exemple(slot(start="2026-11-24"), *agenda_complet()) == (
        "bad_instant",
        "s1",
        {"start": "2026-11-24", "end": "2026-11-24T09:15:00.000+01:00"},
    )


def test_un_professionnel_qui_n_est_pas_demande_se_nomme_par_son_numero():
    raison, _, vu = _exemple(slot(), *agenda_complet(), identifiants=("810002673899",))

    assert raison == "not_requested"
    assert vu["Practitioner.identifier"] == [f"urn:oid:1.2.250.1.71.4.2.1|{RPPS}"]


def test_une_adresse_incomplete_dit_ce_qui_manque_sans_citer_le_reste():
    adresse = {"line": [PATIENT], "city": "", "postalCode": "7500"}

    raison, _, vu = _exemple(slot(), agenda(), praticien(), role(adresse=adresse))

    assert raison == "bad_address"
    (contenu,) = vu["PractitionerRole.contained"]
    assert (contenu["line"], contenu["city"], contenu["postalCode"]) == (
        "présent",
        "(absent)",
        "(autre forme, 4 caractères)",
    )


@pytest.mark.parametrize(
    ("ressources", "cas"),
    [
        pytest.param([slot(PATIENT, status=PATIENT), *agenda_complet()], "ps", id="statut et id"),
        pytest.param([slot(start=PATIENT, end=NIR + " "), *agenda_complet()], "ps", id="instants"),
        pytest.param([slot(schedule={"reference": f"Patient/{NIR}"})], "ps", id="référence à un patient"),
        pytest.param(
            [slot(schedule={"reference": f"Schedule/a?name={PATIENT}"})], "ps", id="référence en texte"
        ),
        pytest.param(
            [slot(meta={"security": [{"system": PATIENT, "code": PATIENT}]}), *agenda_complet()],
            "ps",
            id="codes",
        ),
        pytest.param([slot(comment=PATIENT, status="busy"), *agenda_complet()], "ps", id="commentaire"),
        pytest.param([slot(), agenda(), praticien(rpps=NIR), role()], "ps", id="numéro de sécurité sociale"),
        pytest.param(
            [slot(), *avec(point_fixe_sos(), 2, "identifier", [{"value": NIR[1:]}])], "sos", id="SIRET faux"
        ),
        pytest.param(
            [slot(), *avec(point_fixe_sos(), 1, "address", {"line": [PATIENT]})], "sos", id="adresse"
        ),
    ],
)
def test_rien_d_un_patient_ne_passe_ou_que_l_editeur_l_ecrive(ressources, cas):
    exemples = lire(*ressources, cas=cas).echantillons

    assert exemples
    for un in exemples:
        assert un.raison in RAISONS
        assert len(un.fragment) <= 600
        for secret in (PATIENT, "Dupont", NIR, NIR[1:]):
            assert secret not in un.slot + un.fragment


def test_une_reponse_n_en_garde_que_deux_par_motif():
    creneaux = [slot(f"s{rang}", status="busy") for rang in range(50)]

    assert len(lire(*creneaux, *agenda_complet()).echantillons) == 2


def test_un_bundle_sos_dit_l_association_qui_n_est_pas_demandee():
    raison, _, vu = _exemple(slot(), *point_fixe_sos(), cas="sos", identifiants=("300000000000000",))

    assert raison == "not_requested"
    assert vu["Organization.identifier"] == [f"urn:oid:1.2.250.1.71.4.2.2|{SIRET}"]


def test_un_lieu_absent_se_dit():
    raison, _, vu = _exemple(slot(), agenda(), praticien(), sans(role(), "contained"))

    assert raison == "no_location"
    assert vu["PractitionerRole.location"] == ["#1"]
