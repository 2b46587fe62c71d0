"""Systèmes, codes et formes reconnus dans les flux des éditeurs (cadre d’interopérabilité SAS)."""

import re

OID_PERSONNE = "urn:oid:1.2.250.1.71.4.2.1"
OID_STRUCTURE = "urn:oid:1.2.250.1.71.4.2.2"

_NOS = "https://mos.esante.gouv.fr/NOS"
SYSTEMES_VISIBILITE = frozenset(
    {
        f"{_NOS}/TRE_R314-TypeCreneau/FHIR/TRE-R314-TypeCreneau",
        f"{_NOS}/TRE_R314-TypeCreneau/TRE_R314-TypeCreneau",
        f"{_NOS}/TRE_R314-TypeCreneau",
    }
)
VISIBILITES = ("PUBLIC", "PRO", "SNP", "CPTS")

SYSTEMES_CONSULTATION = frozenset(
    {"http://terminology.hl7.org/CodeSystem/v3-ActCode", "http://hl7.org/fhir/v3/ActCode"}
)
# Dans l’ordre d’affichage ; valeurs de agenda.enums.ModaliteConsultation, que ce module pur n’importe pas.
MODALITES = {"AMB": "cabinet", "VR": "teleconsultation", "HH": "domicile"}

SYSTEMES_RENDEZ_VOUS = frozenset(
    {"http://terminology.hl7.org/CodeSystem/v2-0276", "http://hl7.org/fhir/v2/0276"}
)
AVEC_RENDEZ_VOUS, SANS_RENDEZ_VOUS = "ROUTINE", "WALKIN"

SYSTEMES_CATEGORIE = frozenset(
    {
        f"{_NOS}/TRE_R66-CategorieEtablissement/FHIR/TRE-R66-CategorieEtablissement",
        f"{_NOS}/TRE_R66-CategorieEtablissement/TRE_R66-CategorieEtablissement",
        f"{_NOS}/TRE_R66-CategorieEtablissement",
    }
)
CATEGORIE_CPTS = "604"
EXTENSION_SERVICE = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Slot.serviceType"

PERSONNE = re.compile(r"8[0-9]{11}|0[0-9A-Z]{9}")
FINESS = re.compile(r"1(?:[0-9]{2}|2[AB])[0-9]{7}")
SIRET = re.compile(r"3[0-9]{14}")
LIEU = re.compile(r"1(?:[0-9]{2}|2[AB])[0-9]{7}|[34][0-9]{14}|0[0-9A-Z]{9,14}")
CODE_POSTAL = re.compile(r"[0-9]{5}")
CODE_SPECIALITE = re.compile(r"[A-Z0-9]{1,8}")
