"""Ce que le serveur FHIR sait faire, tiré de ce qu’il sert (`/fhir/metadata`)."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from orientation.rendez_vous.message import PROFIL_SOS
from sas_platform.socle.fhir import TYPES_ADMIS

# Date de la dernière modification de ce qui suit.
DATE = "2026-11-22"
PROFILS = (
    "http://sas.fr/fhir/StructureDefinition/FrAppointmentSAS",
    f"https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/{PROFIL_SOS}",
)
# Interaction FHIR → (méthode HTTP, ce qu’il faut en savoir).
INTERACTIONS = {
    "create": ("POST", "Le même message renvoyé rend la même adresse, sans second enregistrement."),
    "update": (
        "PUT",
        "Mise à jour conditionnelle : le rendez-vous est désigné par « ?identifier=système|valeur » ou, à "
        "défaut, par l’identifiant du corps. Un identifiant inconnu crée le rendez-vous.",
    ),
}


def url_base() -> str:
    """Racine FHIR publique, sans barre finale."""
    return (settings.FHIR_URL or f"{settings.URL_PUBLIQUE}/fhir").rstrip("/")


def capacites(methodes: frozenset[str]) -> dict[str, Any]:
    """CapabilityStatement R4 ; `methodes` : celles que la route Appointment admet."""
    servies = {code: texte for code, (methode, texte) in INTERACTIONS.items() if methode in methodes}
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": DATE,
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": list(TYPES_ADMIS),
        "implementationGuide": [
            "https://interop.esante.gouv.fr/ig/fhir/sas/ImplementationGuide/ans.fhir.fr.sas"
        ],
        "software": {"name": "Plateforme numérique du SAS"},
        "implementation": {"description": "Retour des rendez-vous (INT_R03)", "url": url_base()},
        "rest": [
            {
                "mode": "server",
                "security": {
                    "description": "TLS 1.2 au moins, authentification mutuelle : certificat client de l’IGC-Santé.",
                },
                "resource": [
                    {
                        "type": "Appointment",
                        "supportedProfile": list(PROFILS),
                        "interaction": [
                            {"code": code, "documentation": texte} for code, texte in servies.items()
                        ],
                        "versioning": "no-version",
                        "readHistory": False,
                        "updateCreate": "update" in servies,
                        "conditionalCreate": False,
                        "conditionalRead": "not-supported",
                        "conditionalUpdate": "update" in servies,
                        "conditionalDelete": "not-supported",
                        "searchParam": [
                            {
                                "name": "identifier",
                                "type": "token",
                                "documentation": "Pour la mise à jour conditionnelle seulement.",
                            }
                        ],
                    }
                ],
            }
        ],
    }
