"""Une réponse malveillante : chaque entrée répond d’elle-même, et rien de démesuré n’entre en base."""

import json
import time

import pytest

from agenda.editeurs.normaliseur import TAILLE_MAX, normaliser
from tests.agenda.editeurs.bundles import (
    CPTS,
    RPPS,
    SIRET,
    agenda,
    agenda_complet,
    avec,
    bundle,
    cpts_complete,
    demande,
    lien_cpts,
    lire,
    octets,
    point_fixe_sos,
    praticien,
    raisons,
    role,
    slot,
    visibilite,
)

POUR_CPTS = {
    "meta": {"security": [visibilite("CPTS")]},
    "serviceType": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}]}, lien_cpts()],
}  # fmt: skip
DIX_HEURES = {"start": "2026-11-24T10:00:00+01:00", "end": "2026-11-24T10:15:00+01:00"}


def _brut(texte):
    return normaliser([texte.encode()], demande(identifiants=(RPPS,)))


def _doubler(cle, valeur, autre):
    """Un Bundle dont le créneau « s1 » répète cette clé : d’abord `autre`, puis la valeur de `slot()`."""
    ecrit = json.dumps(bundle(slot(), slot("s2", **DIX_HEURES), *agenda_complet()))
    attendu = f'"{cle}": {json.dumps(valeur)}'
    assert attendu in ecrit
    return ecrit.replace(attendu, f'"{cle}": {json.dumps(autre)}, {attendu}', 1)


@pytest.mark.parametrize(
    ("cle", "valeur", "autre"),
    [
        ("status", "free", "busy"),
        ("id", "s1", "s2"),
        ("resourceType", "Slot", "Slot"),
        ("start", "2026-11-24T09:00:00.000+01:00", {"a": 1}),
    ],
)
def test_une_cle_repetee_se_lit_toujours_de_meme_et_ne_coute_que_son_entree(cle, valeur, autre):
    lues = [raisons(_brut(_doubler(cle, valeur, autre))) for _ in range(2)]

    assert lues[0] == lues[1] == ["", ""]


def test_un_bundle_qui_repete_ses_entrees_garde_les_dernieres():
    ecrit = json.dumps(bundle(slot(), *agenda_complet()))

    assert raisons(_brut(ecrit[:-1] + ', "entry": []}')) == []


@pytest.mark.parametrize("profondeur", [70, 2000, 200_000])
@pytest.mark.parametrize("champ", ["meta", "serviceType", "comment", "inconnu"])
def test_un_imbriquement_sans_fin_ne_coute_que_son_creneau(profondeur, champ):
    bombe = json.dumps(bundle(slot(**{champ: "BOMBE"}), slot("s2", **DIX_HEURES), *agenda_complet()))

    lecture = _brut(bombe.replace('"BOMBE"', "[" * profondeur + "]" * profondeur))

    assert lecture.etat == "ok"
    assert [verdict.raison for verdict in lecture.verdicts if verdict.id == "s2"] == [""]


def test_une_reponse_de_cinquante_mega_octets_est_refusee_sans_etre_lue():
    debut = time.perf_counter()

    lecture = normaliser([b" " * (50 * 1024 * 1024)], demande())

    assert (lecture.etat, lecture.verdicts) == ("bundle_invalid", [])
    assert time.perf_counter() - debut < 1
    assert TAILLE_MAX < 50 * 1024 * 1024


def test_des_ids_de_dix_kilo_octets_sont_bornes_et_leurs_liens_suivis():
    long = "x" * 10_000
    ressources = [
        slot("s" * 10_000, schedule={"reference": f"Schedule/{long}"}),
        agenda(long, praticien=long, role=long),
        praticien(long),
        role(long, praticien=long, contenu=long),
    ]

    (creneau,) = lire(*ressources).gardes()

    assert len(creneau.id) <= 64
    assert len(creneau.lieu.id_interne) <= 80


def test_des_textes_demesures_ou_pleins_de_balises_restent_des_textes_bornes():
    script = "<script>alert(1)</script>"
    adresse = {"line": [script * 1000], "city": script * 1000, "postalCode": "47000"}
    organisation = cpts_complete()
    organisation[1]["name"] = script * 1000 + "\u202e\x00"

    lecture = lire(slot(**POUR_CPTS), agenda(), praticien(), role(adresse=adresse), *organisation, cas="cpts")

    (creneau,) = lecture.gardes()
    assert len(creneau.lieu.ligne) <= 200
    assert len(creneau.lieu.ville) <= 80
    assert len(lecture.noms_cpts[CPTS]) <= 200
    assert lecture.noms_cpts[CPTS].isprintable()


@pytest.mark.parametrize(
    "position",
    [
        {"latitude": 91, "longitude": 0},
        {"latitude": 0, "longitude": 0},
        {"latitude": 1e308, "longitude": 1e308},
        {"latitude": "44.2", "longitude": "0.6"},
        {"latitude": 44.2},
        {"latitude": 0.63, "longitude": 44.2},
        [44.2, 0.63],
        "ici",
        None,
    ],
)
def test_une_position_impossible_est_ignoree_le_creneau_garde(position):
    ressource = avec(role(), "contained", 0, "position", position)

    (creneau,) = lire(slot(), agenda(), praticien(), ressource).gardes()

    assert not creneau.lieu.position


def test_une_position_en_france_est_gardee():
    ressource = avec(role(), "contained", 0, "position", {"latitude": 44.2, "longitude": 0.63})

    (creneau,) = lire(slot(), agenda(), praticien(), ressource).gardes()

    assert creneau.lieu.position == (44.2, 0.63)


def test_une_cpts_qui_se_designe_elle_meme_ou_en_boucle_ne_bloque_rien():
    service = {
        "resourceType": "HealthcareService",
        "id": "h1",
        "providedBy": {"reference": "HealthcareService/h1"},
    }

    assert raisons(lire(slot(**POUR_CPTS), *agenda_complet(), service, cas="cpts")) == ["cpts_unresolved"]


@pytest.mark.parametrize(
    ("ressources", "raison"),
    [
        pytest.param(
            [slot(status="busy"), *point_fixe_sos()], "status_not_free", id="_revinclude rend aussi l’occupé"
        ),
        pytest.param(
            [slot(start="2026-11-29T09:00:00+01:00", end="2026-11-29T09:15:00+01:00"), *point_fixe_sos()],
            "out_of_window",
            id="hors de la fenêtre demandée",
        ),
        pytest.param([slot(), *point_fixe_sos("3" + "9" * 14)], "not_requested", id="une autre association"),
        pytest.param([slot(), *point_fixe_sos("399")], "bad_siret", id="SIRET mal formé"),
        pytest.param([slot(), *point_fixe_sos()[:2]], "no_organization", id="association absente"),
        pytest.param([slot(), *point_fixe_sos()[::2]], "no_location", id="lieu absent"),
    ],
)  # fmt: skip
def test_une_reponse_de_sos_medecins_est_filtree_par_nous(ressources, raison):
    lecture = lire(*ressources, slot("sain", schedule={"reference": "Schedule/a2"}, **DIX_HEURES),
                   *_second_point_fixe(), cas="sos", identifiants=(SIRET,))  # fmt: skip

    assert raisons(lecture) == [raison, ""]


def _second_point_fixe():
    agenda_2, lieu, association = point_fixe_sos()
    return [
        agenda_2 | {"id": "a2", "actor": [{"reference": "Location/l2"}]},
        lieu | {"id": "l2", "managingOrganization": {"reference": "Organization/o2"}},
        association | {"id": "o2"},
    ]


def test_un_bundle_hostile_ne_fait_jamais_lever():
    for poison in (b"", b"\xff\xfe", b'{"resourceType":"Bundle"', octets([1, 2]), octets({"entry": "x"})):
        assert normaliser([poison], demande("sos")).etat == "bundle_invalid"
