"""Ressources FHIR que l’éditeur simulé émet : les profils du guide 1.1.0, celui du kit de l’ANS, valables en 1.2.0."""

from __future__ import annotations

import re
from typing import Any

from sas_platform.demo.editeur_simule.titulaires import (
    Association,
    Cas,
    Cpts,
    Creneau,
    Lieu,
    Praticien,
    Titulaire,
)

Ressource = dict[str, Any]

OID_PERSONNE = "urn:oid:1.2.250.1.71.4.2.1"
OID_STRUCTURE = "urn:oid:1.2.250.1.71.4.2.2"
OID_SAS = "urn:oid:1.2.250.1.213.3.6"
PROFILS_FR = "http://sas.fr/fhir/StructureDefinition"
PROFILS_SAS = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition"
EXTENSION_SERVICE = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Slot.serviceType"
_NOS = "https://mos.esante.gouv.fr/NOS"
TYPES_PERSONNE = "http://interopsante.org/fhir/CodeSystem/fr-v2-0203"
TYPES_LIEU = "http://interopsante.org/fhir/CodeSystem/fr-location-identifier-type"
TYPES_STRUCTURE_1_2 = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"
_PROFIL_DU_SLOT: dict[Cas, str] = {
    "ps": f"{PROFILS_FR}/FrSlotAgregateur",
    "cpts": f"{PROFILS_SAS}/sas-cpts-slot-aggregator",
    "sos": f"{PROFILS_SAS}/sas-sos-slot-aggregator",
}
_TELEPHONE = re.compile(r"\+(33|262|590|594|596)[0-9]{9}")
_IDNST = re.compile(r"1[0-9]{9}|[34][0-9]{14}")
_SPECIALITE = re.compile(r"SM[0-9]{2}")
_JOURS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def slot(titulaire: Titulaire, rang: int, creneau: Creneau, *, cas: Cas, reservation: str) -> Ressource:
    """`reservation` : adresse de la page ; le lien porte toujours une requête, le kit y colle `&origin=`."""
    visibilite = f"{_NOS}/TRE_R314-TypeCreneau/FHIR/TRE-R314-TypeCreneau"
    acte = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    avec_ou_sans = "WALKIN" if creneau.sans_rendez_vous else "ROUTINE"
    corps: Ressource = {
        "resourceType": "Slot",
        "id": creneau.id,
        "meta": _meta(_PROFIL_DU_SLOT[cas])
        | {"security": [{"system": visibilite, "code": code} for code in creneau.visibilites_en(cas)]},
        "serviceType": [
            *({"coding": [{"system": acte, "code": code}]} for code in creneau.actes),
            *(_lien_cpts(finess) for finess in (creneau.cpts if cas == "cpts" else ())),
            {"text": creneau.motif},
        ],
        "appointmentType": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0276", "code": avec_ou_sans}]
        },
        "schedule": {"reference": f"Schedule/{_id_agenda(titulaire, rang)}"},
        "status": "free",
        "start": creneau.debut.isoformat(timespec="milliseconds"),
        "end": creneau.fin.isoformat(timespec="milliseconds"),
        "comment": f"{reservation}?creneau={creneau.id}",
    }
    if isinstance(titulaire, Praticien) and _SPECIALITE.fullmatch(titulaire.specialite):
        systeme = f"{_NOS}/TRE_R38-SpecialiteOrdinale/FHIR/TRE-R38-SpecialiteOrdinale"
        corps["specialty"] = [{"coding": [{"system": systeme, "code": titulaire.specialite}]}]
    return corps


# --- Praticiens et CPTS -------------------------------------------------------------


def agenda_de_praticien(praticien: Praticien, rang: int) -> Ressource:
    return {
        "resourceType": "Schedule",
        "id": _id_agenda(praticien, rang),
        "meta": _meta(f"{PROFILS_FR}/FrScheduleAgregateur"),
        "actor": [
            {"reference": f"Practitioner/{praticien.identifiant}"},
            {"reference": f"PractitionerRole/role-{praticien.identifiant}-{rang}"},
        ],
    }


def practitioner(praticien: Praticien) -> Ressource:
    return {
        "resourceType": "Practitioner",
        "id": praticien.identifiant,
        "meta": _meta(f"{PROFILS_FR}/FrPractitionerAgregateur"),
        "identifier": [identifiant(TYPES_PERSONNE, "IDNPS", OID_PERSONNE, praticien.identifiant)],
        "name": [{"family": praticien.nom, "given": [praticien.prenom or praticien.nom]}],
    }


def role(praticien: Praticien, rang: int) -> Ressource:
    lieu = praticien.lieux[rang]
    corps: Ressource = {
        "resourceType": "PractitionerRole",
        "id": f"role-{praticien.identifiant}-{rang}",
        "meta": _meta(f"{PROFILS_FR}/FrPractitionerRoleExerciceAgregateur"),
        "contained": [
            {
                "resourceType": "Location",
                "id": "1",
                "meta": _meta(f"{PROFILS_FR}/FrLocationAgregateur"),
                "identifier": [_identifiant_de_lieu(praticien, rang)],
                "address": _adresse(lieu),
            }
        ],
        "practitioner": {"reference": f"Practitioner/{praticien.identifiant}"},
        "location": [{"reference": "#1"}],
    }
    if _IDNST.fullmatch(lieu.idnst):
        corps["organization"] = {
            "identifier": identifiant(TYPES_PERSONNE, "IDNST", OID_STRUCTURE, lieu.idnst)
        }
    return corps | _telephone(lieu.telephone)


def service_de_cpts(cpts: Cpts) -> Ressource:
    return {
        "resourceType": "HealthcareService",
        "id": f"cpts-{cpts.finess}",
        "meta": _meta(f"{PROFILS_SAS}/sas-cpts-healthcareservice-aggregator"),
        "providedBy": {"reference": f"Organization/organisation-{cpts.finess}"},
    }


def organisation_de_cpts(cpts: Cpts) -> Ressource:
    """Les deux écritures du type de l’identifiant, celle de la 1.1.0 et celle de la 1.2.0 : valable dans l’une et l’autre."""
    types = [{"system": systeme, "code": "IDNST"} for systeme in (TYPES_LIEU, TYPES_STRUCTURE_1_2)]
    return {
        "resourceType": "Organization",
        "id": f"organisation-{cpts.finess}",
        "meta": _meta(f"{PROFILS_SAS}/sas-cpts-organization-aggregator"),
        "identifier": [{"type": {"coding": types}, "system": OID_STRUCTURE, "value": cpts.finess}],
        "name": cpts.nom,
    } | _telephone(cpts.telephone)


def _lien_cpts(finess: str) -> Ressource:
    categorie = f"{_NOS}/TRE_R66-CategorieEtablissement/FHIR/TRE-R66-CategorieEtablissement"
    return {
        "coding": [{"system": categorie, "code": "604"}],
        "extension": [
            {"url": EXTENSION_SERVICE, "valueReference": {"reference": f"HealthcareService/cpts-{finess}"}}
        ],
    }


# --- SOS Médecins -------------------------------------------------------------------


def agenda_d_association(association: Association, rang: int) -> Ressource:
    return {
        "resourceType": "Schedule",
        "id": _id_agenda(association, rang),
        "meta": _meta(f"{PROFILS_SAS}/sas-sos-schedule-aggregator"),
        "actor": [{"reference": f"Location/lieu-{association.identifiant}-{rang}"}],
    }


def point_fixe(association: Association, rang: int) -> Ressource:
    lieu = association.lieux[rang]
    return {
        "resourceType": "Location",
        "id": f"lieu-{association.identifiant}-{rang}",
        "meta": _meta(f"{PROFILS_SAS}/sas-sos-location-aggregator"),
        "identifier": [_identifiant_de_lieu(association, rang)],
        "name": lieu.nom or association.nom,
        "address": _adresse(lieu),
        "managingOrganization": {"reference": f"Organization/organisation-{association.identifiant}"},
        "hoursOfOperation": [
            {"daysOfWeek": list(_JOURS), "openingTime": "08:00:00", "closingTime": "23:00:00"}
        ],
    } | _telephone(lieu.telephone)


def organisation_d_association(association: Association) -> Ressource:
    return {
        "resourceType": "Organization",
        "id": f"organisation-{association.identifiant}",
        "meta": _meta(f"{PROFILS_SAS}/sas-sos-organization-aggregator"),
        "identifier": [identifiant(TYPES_LIEU, "IDNST", OID_STRUCTURE, association.siret)],
        "name": association.nom,
    } | _telephone(association.telephone)


# --- Pièces communes ----------------------------------------------------------------


def identifiant(nomenclature: str, type_: str, systeme: str, valeur: str) -> Ressource:
    return {
        "type": {"coding": [{"system": nomenclature, "code": type_}]},
        "system": systeme,
        "value": valeur,
    }


def _id_agenda(titulaire: Titulaire, rang: int) -> str:
    return f"agenda-{titulaire.identifiant}-{rang}"


def _identifiant_de_lieu(titulaire: Titulaire, rang: int) -> Ressource:
    valeur = f"{titulaire.identifiant}-{rang}"
    return identifiant(TYPES_LIEU, "INTRN", "https://editeur.example/lieux", valeur)


def _adresse(lieu: Lieu) -> Ressource:
    return {"line": [lieu.ligne], "city": lieu.ville, "postalCode": lieu.code_postal}


def _telephone(numero: str) -> Ressource:
    """Rien plutôt qu’une valeur vide ou mal écrite."""
    return {"telecom": [{"system": "phone", "value": numero}]} if _TELEPHONE.fullmatch(numero) else {}


def _meta(profil: str) -> Ressource:
    return {"profile": [profil]}
