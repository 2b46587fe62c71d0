"""Le message INT_R02 : un identifiant, tous les champs, rien qui parte incomplet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agenda.domaine.regulateurs import Personne, corps, empreinte, url_creation, url_modification

UUID = "b6e39355-8a61-4556-b340-36f7b95fec6a"
ALIX = Personne(UUID, "", "Osmont", "Alix", "alix@exemple.invalid")


@pytest.mark.parametrize(
    ("national", "attendu"),
    [
        pytest.param("810002673899", "urn:oid:1.2.250.1.71.4.2.1|810002673899", id="RPPS"),
        pytest.param("3620100057/70326SR", "urn:oid:1.2.250.1.71.4.2.1|3620100057/70326SR", id="carte CPE"),
        pytest.param("01B1234567", "urn:oid:1.2.250.1.71.4.2.1|01B1234567", id="ADELI de Corse"),
        pytest.param("", f"urn:oid:1.2.250.1.213.3.6|{UUID}", id="aucun"),
        pytest.param("81000", f"urn:oid:1.2.250.1.213.3.6|{UUID}", id="mal formé"),
        pytest.param("8|10002673899", f"urn:oid:1.2.250.1.213.3.6|{UUID}", id="barre droite"),
    ],
)
def test_l_identifiant_est_le_national_s_il_est_bien_forme_sinon_le_notre(national, attendu):
    assert replace(ALIX, identifiant_national=national).identifiant == attendu


def test_le_message_a_la_forme_des_exemples_officiels():
    personne = replace(ALIX, identifiant_national="3456780581/11242343")

    assert corps(personne, actif=True) == {
        "resourceType": "Practitioner",
        "meta": {
            "source": "urn:oid:1.2.250.1.213.3.6",
            "profile": ["https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/FrPractitionerRegul"],
        },
        "identifier": [
            {
                "type": {
                    "coding": [
                        {"system": "http://interopsante.org/fhir/CodeSystem/fr-v2-0203", "code": "IDNPS"}
                    ]
                },
                "system": "urn:oid:1.2.250.1.71.4.2.1",
                "value": "3456780581/11242343",
            }
        ],
        "active": True,
        "name": [{"family": "Osmont", "given": ["Alix"]}],
        "telecom": [{"system": "email", "value": "alix@exemple.invalid"}],
    }


def test_notre_identifiant_porte_le_type_interne():
    (identifiant,) = corps(ALIX, actif=False)["identifier"]

    assert identifiant["type"]["coding"][0]["code"] == "INTRN"
    assert identifiant["value"] == UUID


@pytest.mark.parametrize(
    ("champs", "manque"),
    [
        pytest.param({"nom": " "}, ["nom"], id="nom blanc"),
        pytest.param({"prenom": ""}, ["prénom"], id="sans prénom"),
        pytest.param({"email": ""}, ["adresse électronique"], id="sans adresse"),
        pytest.param({"email": "alix"}, ["adresse électronique"], id="adresse mal formée"),
        pytest.param({"nom": "", "email": ""}, ["nom", "adresse électronique"], id="deux à la fois"),
    ],
)
def test_un_message_incomplet_ne_se_construit_pas(champs, manque):
    personne = replace(ALIX, **champs)

    assert personne.manques == manque
    with pytest.raises(ValueError, match="incomplet"):
        corps(personne, actif=True)


def test_les_barres_et_les_deux_points_s_encodent():
    base = "https://editeur.exemple.invalid/fhir/"

    assert url_creation(base) == "https://editeur.exemple.invalid/fhir/Practitioner"
    assert url_modification(base, "urn:oid:1.2.250.1.71.4.2.1|3456780581/11242343") == (
        "https://editeur.exemple.invalid/fhir/Practitioner"
        "?identifier=urn%3Aoid%3A1.2.250.1.71.4.2.1%7C3456780581%2F11242343"
    )


def test_l_empreinte_change_avec_chaque_champ_et_non_avec_l_ordre():
    message = corps(ALIX, actif=True)
    autres = [
        corps(replace(ALIX, **{champ: f"x{getattr(ALIX, champ)}"}), actif=True)
        for champ in ("nom", "prenom", "email", "uuid")
    ]
    empreintes = {empreinte(m) for m in (message, corps(ALIX, actif=False), *autres)}

    assert len(empreintes) == 6
    assert empreinte(dict(reversed(message.items()))) == empreinte(message)
