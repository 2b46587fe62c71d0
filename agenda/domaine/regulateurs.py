"""Le compte d’un régulateur tel qu’un éditeur le reçoit (INT_R02, profil FrPractitionerRegul)."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

OID_PERSONNE = "urn:oid:1.2.250.1.71.4.2.1"
OID_SAS = "urn:oid:1.2.250.1.213.3.6"
PROFIL = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/FrPractitionerRegul"
TYPES = "http://interopsante.org/fhir/CodeSystem/fr-v2-0203"

# RPPS (8) et ADELI (0), ou carte d’établissement : « 3 » et le FINESS, une barre, le numéro local.
_NATIONAL = re.compile(r"8[0-9]{11}|0[0-9A-Z]{9}|[1-6][0-9A-Z]{9,14}/[0-9A-Za-z._-]{1,40}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_EMAIL_MAX = 254


@dataclass(frozen=True, slots=True)
class Personne:
    """Ce que dit un message. `uuid` : l’identifiant technique du SAS, que l’on a toujours."""

    uuid: str
    identifiant_national: str
    nom: str
    prenom: str
    email: str

    @property
    def technique(self) -> str:
        return f"{OID_SAS}|{self.uuid}"

    @property
    def identifiant(self) -> str:
        """« système|valeur » : le numéro national s’il est connu et bien formé, sinon le nôtre."""
        if _NATIONAL.fullmatch(self.identifiant_national):
            return f"{OID_PERSONNE}|{self.identifiant_national}"
        return self.technique

    @property
    def manques(self) -> list[str]:
        """Ce sans quoi l’éditeur refuserait : le message ne part pas."""
        defauts = {
            "nom": not self.nom.strip(),
            "prénom": not self.prenom.strip(),
            "adresse électronique": len(self.email) > _EMAIL_MAX or not _EMAIL.fullmatch(self.email),
        }
        return [nom for nom, manque in defauts.items() if manque]


def corps(personne: Personne, *, actif: bool, identifiant: str = "") -> dict[str, Any]:
    """Ressource Practitioner entière, avec un seul identifiant : `identifiant`, ou celui de la personne.

    Lève `ValueError` s’il manque quelque chose.
    """
    if personne.manques:
        raise ValueError(f"compte incomplet\u00a0: {', '.join(personne.manques)}")
    systeme, _, valeur = (identifiant or personne.identifiant).partition("|")
    type_ = "IDNPS" if systeme == OID_PERSONNE else "INTRN"
    return {
        "resourceType": "Practitioner",
        "meta": {"source": OID_SAS, "profile": [PROFIL]},
        "identifier": [
            {
                "type": {"coding": [{"system": TYPES, "code": type_}]},
                "system": systeme,
                "value": valeur,
            }
        ],
        "active": actif,
        "name": [{"family": personne.nom.strip(), "given": [personne.prenom.strip()]}],
        "telecom": [{"system": "email", "value": personne.email}],
    }


def empreinte(message: dict[str, Any]) -> str:
    """SHA-256 du message, dans un ordre qui ne dépend pas de sa construction."""
    return hashlib.sha256(
        json.dumps(message, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    ).hexdigest()


def url_creation(url_base: str) -> str:
    return f"{url_base.rstrip('/')}/Practitioner"


def url_modification(url_base: str, identifiant: str) -> str:
    """Mise à jour conditionnelle ; les deux-points, la barre droite et la barre oblique s’encodent."""
    return f"{url_creation(url_base)}?identifier={quote(identifiant, safe='')}"
