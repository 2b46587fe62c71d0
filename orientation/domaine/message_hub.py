"""Rendez-vous publié au Hub Santé : enveloppe EDXL-DE, en-tête RC-DE, objet `appointment` (INT_L02).

Rien n’y désigne le patient : les schémas refusent tout champ de plus, et aucune
de ces valeurs n’a de place pour lui. Source : modèles publics du Hub Santé,
version 26.07.29 (orientation/hub/schemas/) ; guide SAS de l’ANS, flux LRM.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from orientation.enums import CategorieHub, MethodeHub, StatutHub

FUSEAU_DES_ENVELOPPES = "Europe/Paris"
URL_SPECIALITE = "https://mos.esante.gouv.fr/NOS/TRE_R38-SpecialiteOrdinale/FHIR/TRE-R38-SpecialiteOrdinale"
URL_PROFESSION = "https://mos.esante.gouv.fr/NOS/TRE_G15-ProfessionSante/FHIR/TRE-G15-ProfessionSante"

RPPS_ADMIS = re.compile(r"81[0-9]{10}")
_SPECIALITE = re.compile(r"SM[0-9]{2}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Praticien:
    rpps: str
    nom: str
    prenom: str
    specialite: str = ""
    profession: str = ""


@dataclass(frozen=True, slots=True)
class Organisation:
    identifiant: str
    nom: str


@dataclass(frozen=True, slots=True)
class Regulateur:
    nom: str
    prenom: str
    email: str
    identifiant: str = ""

    @property
    def est_complet(self) -> bool:
        """Le schéma exige les trois ; un message sans l’un d’eux serait refusé (erreur 300)."""
        return bool(self.nom and self.prenom and self.email)


@dataclass(frozen=True, slots=True)
class RendezVousPublie:
    """`identifiant` est le nôtre, jamais celui de l’éditeur ; `fuseau`, celui du lieu, où les heures se lisent."""

    identifiant: UUID
    pris_le: datetime
    debut: datetime
    fin: datetime | None
    fuseau: str
    statut: StatutHub
    regulateur: Regulateur
    categorie: CategorieHub | None = None
    praticien: Praticien | None = None
    organisation: Organisation | None = None


@dataclass(frozen=True, slots=True)
class Enveloppe:
    """`emetteur` et `destinataire` : identifiants du Hub, « fr.health.… »."""

    distribution_id: str
    emetteur: str
    destinataire: str
    emise_le: datetime
    expire_le: datetime


def horodate(instant: datetime, fuseau: str) -> str:
    """« 2026-11-02T09:00:00+01:00 » : à la seconde, décalage en chiffres, jamais de Z (fhir.md § 8)."""
    local = instant.astimezone(ZoneInfo(fuseau)).replace(microsecond=0)
    # L’en-tête RC-DE veut « -00:00 » pour le temps universel.
    return re.sub(r"\+00:00$", "-00:00", local.isoformat())


def praticien(
    *, identifiant: str, nom: str, prenom: str, savoir_faire: list[str], profession: str
) -> Praticien | None:
    """Rien pour qui n’a pas de RPPS en 81… (un ADELI) : le schéma n’a pas de place pour lui."""
    if not RPPS_ADMIS.fullmatch(identifiant):
        return None
    specialites = [code for code in savoir_faire if _SPECIALITE.fullmatch(code)]
    # De plusieurs, aucune n’est plus vraie que l’autre : le professionnel se lit à son nom.
    specialite = specialites[0] if len(specialites) == 1 else ""
    return Praticien(identifiant, nom, prenom, specialite, profession)


def organisation(*, finess: str, siret: str, nom: str) -> Organisation | None:
    """Identifiant national préfixé, FINESS d’abord (fhir.md § 10) ; rien sans identifiant ni nom."""
    identifiant = f"1{finess}" if finess else f"3{siret}" if siret else ""
    return Organisation(identifiant, nom) if identifiant and nom else None


def identifiant_de_regulateur(identifiant: str) -> str:
    """L’identifiant national seul ; un UUID est un identifiant technique de la plateforme."""
    return "" if _UUID.fullmatch(identifiant) else identifiant


def rendez_vous(rdv: RendezVousPublie, methode: MethodeHub) -> dict[str, Any]:
    """L’objet `appointment`, toujours complet : une modification le redit en entier."""
    publie: dict[str, Any] = {
        "appointmentId": str(rdv.identifiant),
        "method": methode.value,
        "created": horodate(rdv.pris_le, rdv.fuseau),
        "start": horodate(rdv.debut, rdv.fuseau),
        "status": rdv.statut.value,
        "regulator": _sans_vides(
            regulatorId=identifiant_de_regulateur(rdv.regulateur.identifiant),
            regulatorName=rdv.regulateur.nom,
            regulatorFirstname=rdv.regulateur.prenom,
            regulatorEmail=rdv.regulateur.email,
        ),
    }
    if rdv.fin is not None:
        publie["end"] = horodate(rdv.fin, rdv.fuseau)
    if rdv.categorie is not None:
        publie["orientationCategory"] = rdv.categorie.value
    if rdv.praticien is not None:
        publie["practitioner"] = _praticien(rdv.praticien)
    if rdv.organisation is not None:
        publie["organization"] = {
            "organizationId": rdv.organisation.identifiant,
            "name": rdv.organisation.nom,
        }
    return publie


def message(rdv: RendezVousPublie, methode: MethodeHub, enveloppe: Enveloppe) -> dict[str, Any]:
    emise_le = horodate(enveloppe.emise_le, FUSEAU_DES_ENVELOPPES)
    interieur = {
        "messageId": enveloppe.distribution_id,
        "sender": _adresse(enveloppe.emetteur),
        "sentAt": emise_le,
        "kind": "Report",
        "status": "Actual",
        "recipient": [_adresse(enveloppe.destinataire)],
        "appointment": rendez_vous(rdv, methode),
    }
    return {
        "distributionID": enveloppe.distribution_id,
        "senderID": enveloppe.emetteur,
        "dateTimeSent": emise_le,
        "dateTimeExpires": horodate(enveloppe.expire_le, FUSEAU_DES_ENVELOPPES),
        "distributionStatus": "Actual",
        "distributionKind": "Report",
        "descriptor": {
            "language": "fr-FR",
            "explicitAddress": {
                "explicitAddressScheme": "hubex",
                "explicitAddressValue": enveloppe.destinataire,
            },
        },
        "content": [{"jsonContent": {"embeddedJsonContent": {"message": interieur}}}],
    }


def _praticien(praticien: Praticien) -> dict[str, str]:
    lu = {"rppsId": praticien.rpps, "lastName": praticien.nom, "firstName": praticien.prenom}
    if praticien.specialite:
        lu |= {"specialityCode": praticien.specialite, "specialityUrl": URL_SPECIALITE}
    if praticien.profession:
        lu |= {"professionCode": praticien.profession, "professionUrl": URL_PROFESSION}
    return lu


def _adresse(identifiant: str) -> dict[str, str]:
    return {"name": identifiant, "URI": f"hubex:{identifiant}"}


def _sans_vides(**champs: str) -> dict[str, str]:
    return {nom: valeur for nom, valeur in champs.items() if valeur}
