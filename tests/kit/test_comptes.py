"""Groupe 5 du kit : comptes de régulateurs. Chaque test part d’un éditeur remis à neuf, comme le kit le demande."""

import json
import uuid
from typing import Any
from urllib.parse import quote

import pytest

from sas_platform.demo.editeur_simule.ressources import OID_PERSONNE, OID_SAS, TYPES_PERSONNE
from tests.kit.client import demander, editeur_du_kit, jouer
from tests.kit.liste import ligne

IDNPS, AUTRE_IDNPS = "3620100057/70326SR", "3620100057/70327SR"
UUID = str(uuid.UUID(int=1))
OBLIGATOIRES = ("identifier", "name", "telecom", "active")
PROFIL = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/FrPractitionerRegul"


def regulateur(valeur: str = IDNPS, type_: str = "IDNPS", **champs: Any) -> dict[str, Any]:
    """Corps complet, avec l’`id` que le kit répète à chaque envoi ; None retire un champ."""
    systeme = OID_PERSONNE if type_ == "IDNPS" else OID_SAS
    corps = {
        "resourceType": "Practitioner",
        "id": "le-meme-a-chaque-fois",
        "meta": {"source": OID_SAS, "profile": [PROFIL]},
        "identifier": [identifiant(systeme, type_, valeur)],
        "active": True,
        "name": [{"family": "Fictive", "given": ["Camille"]}],
        "telecom": [{"system": "email", "value": "camille@exemple.invalid"}],
    }
    return {cle: v for cle, v in (corps | champs).items() if v is not None}


def identifiant(systeme: str, type_: str, valeur: str) -> dict[str, Any]:
    return {
        "system": systeme,
        "value": valeur,
        "type": {"coding": [{"system": TYPES_PERSONNE, "code": type_}]},
    }


class Comptes:
    """Envois au même éditeur, dans l’ordre ; `statuts` garde ce qu’il a répondu."""

    def __init__(self) -> None:
        self.editeur = editeur_du_kit()
        self.statuts: list[int] = []

    def creer(self, corps: dict[str, Any]) -> "Comptes":
        return self._envoyer("POST", "/fhir/Practitioner", corps)

    def mettre(self, systeme: str, valeur: str, corps: dict[str, Any]) -> "Comptes":
        cle = quote(f"{systeme}|{valeur}", safe="")
        return self._envoyer("PUT", f"/fhir/Practitioner?identifier={cle}", corps)

    def _envoyer(self, methode: str, chemin: str, corps: dict[str, Any]) -> "Comptes":
        # Le kit écrit application/json dans ce qu’il envoie, et application/fhir+json dans ce qu’il accepte.
        entetes = {"Content-Type": "application/json", "Accept": "application/fhir+json"}
        self.reponse = demander(
            self.editeur, chemin, methode, data=json.dumps(corps).encode(), headers=entetes
        )
        self.statuts.append(self.reponse.statut)
        if self.reponse.statut >= 400:
            assert self.reponse.json()["resourceType"] == "OperationOutcome"
        else:
            assert "/fhir/Practitioner/" in self.reponse.lieu
        return self

    def tenus(self) -> list[tuple[str, bool, str, str, str]]:
        return [
            (c.identifiant.rpartition("|")[2], c.actif, c.nom, c.prenom, c.email)
            for c in self.editeur.comptes.tenus.values()
        ]


@pytest.fixture
def comptes() -> Comptes:
    return Comptes()


@pytest.fixture
def connus(comptes: Comptes) -> Comptes:
    """Un compte, ouvert sous un identifiant national."""
    comptes.creer(regulateur())
    comptes.statuts.clear()
    return comptes


@ligne("5.01")
def test_5_01_un_compte_se_cree_sous_un_identifiant_national(comptes):
    assert comptes.creer(regulateur()).statuts == [201]


@ligne("5.02")
def test_5_02_un_compte_se_cree_sous_un_uuid(comptes):
    assert comptes.creer(regulateur(UUID, "INTRN")).statuts == [201]


@ligne("5.03")
def test_5_03_creer_deux_fois_le_meme_compte_est_refuse(comptes):
    corps = regulateur(UUID, "INTRN")

    assert comptes.creer(corps).creer(corps).statuts == [201, 409]
    assert len(comptes.tenus()) == 1


@ligne("5.04")
@pytest.mark.parametrize("champ", OBLIGATOIRES)
def test_5_04_creer_sans_un_champ_obligatoire_est_refuse(comptes, champ):
    """Le kit met ici un UUID sous le système des identifiants nationaux : c’est l’absence qui est refusée."""
    assert comptes.creer(regulateur(UUID, **{champ: None})).statuts == [422]
    assert comptes.creer(regulateur(UUID)).statuts[-1] == 201


@ligne("5.05")
@pytest.mark.parametrize(
    "champs",
    [
        pytest.param({"name": [{"family": "", "given": ["Camille"]}]}, id="nom vide"),
        pytest.param({"telecom": [{"system": "email", "value": ""}]}, id="courriel vide"),
        pytest.param({"telecom": [{"system": "phone", "value": "0100000000"}]}, id="téléphone seul"),
        pytest.param({"identifier": [identifiant(OID_PERSONNE, "INTRN", UUID)]}, id="INTRN, OID national"),
        pytest.param({"identifier": [identifiant(OID_SAS, "IDNPS", IDNPS)]}, id="IDNPS, OID du SAS"),
    ],
)
def test_5_05_creer_avec_une_valeur_fausse_est_refuse(comptes, champs):
    assert comptes.creer(regulateur(**champs)).statuts == [422]
    assert comptes.tenus() == []


@ligne("5.06", "5.07")
def test_5_06_et_5_07_un_compte_se_ferme_puis_se_rouvre(connus):
    connus.mettre(OID_PERSONNE, IDNPS, regulateur(active=False))
    assert [actif for _, actif, *_ in connus.tenus()] == [False]

    connus.mettre(OID_PERSONNE, IDNPS, regulateur())
    assert [actif for _, actif, *_ in connus.tenus()] == [True]
    assert connus.statuts == [200, 200]


@ligne("5.08", "5.11", "5.12")
@pytest.mark.parametrize(
    ("champs", "attendu"),
    [
        pytest.param(
            {"telecom": [{"system": "email", "value": "c@exemple.invalid"}]},
            ("Fictive", "Camille", "c@exemple.invalid"),
            id="5.08 courriel",
        ),
        pytest.param(
            {"name": [{"family": "Nouvelle", "given": ["Camille"]}]},
            ("Nouvelle", "Camille", "camille@exemple.invalid"),
            id="5.11 nom",
        ),
        pytest.param(
            {"name": [{"family": "Fictive", "given": ["Dominique"]}]},
            ("Fictive", "Dominique", "camille@exemple.invalid"),
            id="5.12 prénom",
        ),
    ],
)
def test_le_courriel_le_nom_et_le_prenom_se_changent(connus, champs, attendu):
    assert connus.mettre(OID_PERSONNE, IDNPS, regulateur(**champs)).statuts == [200]
    assert connus.tenus() == [(IDNPS, True, *attendu)]


@ligne("5.08")
def test_5_08_deux_comptes_peuvent_finir_par_avoir_le_meme_courriel(connus):
    connus.creer(regulateur(UUID, "INTRN", telecom=[{"system": "email", "value": "d@exemple.invalid"}]))

    assert connus.mettre(OID_SAS, UUID, regulateur(UUID, "INTRN")).statuts == [201, 200]


@ligne("5.09")
def test_5_09_l_identifiant_national_se_change(connus):
    assert connus.mettre(OID_PERSONNE, IDNPS, regulateur(AUTRE_IDNPS)).statuts == [200]
    assert [valeur for valeur, *_ in connus.tenus()] == [AUTRE_IDNPS]


@ligne("5.10")
def test_5_10_le_type_d_identifiant_se_change_meme_si_la_requete_se_trompe_de_systeme(comptes):
    """Le kit demande `IDNPS|<uuid>` et met dans le corps une valeur nationale sous le système du SAS."""
    comptes.creer(regulateur(UUID, "INTRN"))

    comptes.mettre(OID_PERSONNE, UUID, regulateur(identifier=[identifiant(OID_SAS, "INTRN", IDNPS)]))

    assert comptes.statuts == [201, 200]
    assert [valeur for valeur, *_ in comptes.tenus()] == [IDNPS]


@ligne("5.13")
@pytest.mark.parametrize("champ", OBLIGATOIRES)
def test_5_13_modifier_sans_un_champ_obligatoire_est_refuse(connus, champ):
    avant = connus.tenus()

    assert connus.mettre(OID_PERSONNE, IDNPS, regulateur(**{champ: None})).statuts == [422]
    assert connus.tenus() == avant


@ligne("5.14")
@pytest.mark.parametrize("champ", OBLIGATOIRES)
def test_5_14_modifier_un_inconnu_sans_un_champ_obligatoire_est_refuse(comptes, champ):
    assert comptes.mettre(OID_PERSONNE, IDNPS, regulateur(**{champ: None})).statuts == [422]
    assert comptes.tenus() == []


@ligne("5.15")
def test_5_15_modifier_un_inconnu_le_cree_et_se_rejoue(comptes):
    corps = regulateur()

    comptes.mettre(OID_PERSONNE, IDNPS, corps).mettre(OID_PERSONNE, IDNPS, corps)

    assert comptes.statuts == [201, 200]
    assert len(comptes.tenus()) == 1


@ligne("5.16")
def test_5_16_un_compte_ferme_laisse_son_identifiant_a_un_autre(connus):
    connus.mettre(OID_PERSONNE, IDNPS, regulateur(active=False))
    connus.creer(regulateur(UUID, "INTRN"))
    connus.mettre(OID_SAS, UUID, regulateur(IDNPS))

    assert connus.statuts == [200, 201, 200]
    assert [(valeur, actif) for valeur, actif, *_ in connus.tenus()] == [("", False), (IDNPS, True)]


# --- Au-delà du kit ------------------------------------------------------------------


def test_l_identifiant_d_un_compte_ouvert_ne_se_prend_pas(connus):
    connus.creer(regulateur(UUID, "INTRN"))

    assert connus.mettre(OID_SAS, UUID, regulateur(IDNPS)).statuts == [201, 409]


def test_l_id_du_client_est_ignore(connus):
    connus.creer(regulateur(UUID, "INTRN"))

    assert len(connus.tenus()) == 2
    assert "le-meme-a-chaque-fois" not in connus.reponse.lieu


@pytest.mark.parametrize(
    "type_",
    [
        "application/fhir+json",
        "application/json+fhir",
        "application/json",
        "application/fhir+json; charset=utf-8",
        "application/json+fhir;charset=UTF-8",
    ],
)
@pytest.mark.parametrize("chemin", ["/fhir/Practitioner", "/fhir/Practitioner/"])
def test_les_trois_types_du_guide_sont_lus_avec_ou_sans_barre_finale(type_, chemin):
    corps = json.dumps(regulateur()).encode()
    entetes = {"Content-Type": type_, "Accept": "application/json+fhir"}

    assert demander(editeur_du_kit(), chemin, "POST", data=corps, headers=entetes).statut == 201


@pytest.mark.parametrize(
    ("methode", "chemin", "type_", "corps", "statut"),
    [
        pytest.param("POST", "", "text/xml", b"<x/>", 415, id="XML"),
        pytest.param("POST", "", "application/json", b"{", 400, id="JSON coupé"),
        pytest.param("POST", "", "application/json", b'{"resourceType":"Patient"}', 400, id="patient"),
        pytest.param("POST", "", "application/json", b" " * 300_000, 400, id="trop gros"),
        pytest.param("PUT", "", "application/json", b"{}", 400, id="PUT sans identifier"),
        pytest.param("PUT", "?identifier=", "application/json", b"{}", 400, id="PUT, identifier vide"),
        pytest.param("DELETE", "/1", "application/json", b"", 404, id="pas de suppression"),
    ],
)
def test_tout_refus_est_un_operationoutcome(methode, chemin, type_, corps, statut):
    entetes = {"Content-Type": type_}
    adresse = f"/fhir/Practitioner{chemin}"
    reponse = demander(editeur_du_kit(), adresse, methode, data=corps, headers=entetes)

    assert (reponse.statut, reponse.json()["resourceType"]) == (statut, "OperationOutcome")


def test_remettre_a_neuf_permet_de_rejouer_le_kit():
    async def scenario(client):
        corps = json.dumps(regulateur()).encode()
        entetes = {"Content-Type": "application/json"}
        statuts = []
        for chemin in ("/fhir/Practitioner", "/commandes/reinitialiser", "/fhir/Practitioner"):
            reponse = await client.appeler(
                "POST", chemin, data=corps if "fhir" in chemin else b"", headers=entetes
            )
            statuts.append(reponse.statut)
        return statuts

    assert jouer(editeur_du_kit(), scenario) == [201, 200, 201]
