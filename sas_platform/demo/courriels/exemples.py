"""De quoi montrer chaque gabarit de courriel avec des valeurs plausibles."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings

SUFFIXE = "_sujet.txt"
DOSSIER = settings.RACINE / "templates" / "courriels"


_ORIENTATION = {
    "moment": "mardi 8 décembre 2026 à 9\u00a0h\u00a020",
    "nom": "Cabinet du Port",
    "adresse": "3 quai de la Bourse, 76000 Rouen",
    "en_sus": True,
    "regulation": "SAS-76A Seine-Maritime",
    "est_annulee": False,
    "liens": [(libelle, "https://exemple.invalid/lien") for libelle in ("Patient venu", "Patient pas venu")],
}


def gabarits() -> list[str]:
    """« comptes/bienvenue »… : tous ceux qui ont un sujet."""
    return sorted(
        str(fichier.relative_to(DOSSIER)).removesuffix(SUFFIXE) for fichier in DOSSIER.rglob(f"*{SUFFIXE}")
    )


def contexte() -> dict[str, Any]:
    """Une valeur pour chaque variable de chaque gabarit ; tests/demo vérifie qu’il n’en manque pas."""
    from annuaire.models import Departement

    return {
        "prenom": "Camille",
        "nom": "Osmont",
        "lien": f"{settings.URL_PUBLIQUE.rstrip('/')}/exemple-de-lien",
        "code": "482913",
        "duree_min": 5,
        "duree_h": 72,
        "delai_jours": 30,
        "date_expiration": datetime(2026, 12, 24, 9, tzinfo=UTC),
        "nouvelle_adresse": "camille.osmont@exemple.invalid",
        # Première connexion.
        "identifiant_national": "899999999011",
        "autre_nom": "Camille Osmont-Durand",
        "cas": "sans_compte",
        "explication": "L’annuaire ne vous connaît aucun lieu d’exercice en activité.",
        # Délégations.
        "titulaire": "Étienne Favier",
        "delegataire": "Délia Gautier",
        "email": "delia.gautier@exemple.invalid",
        "ville": "Rouen",
        "lieux": "Cabinet du Port, 3 quai de la Bourse, Rouen",
        "motif": "Fin de remplacement",
        "dernier_jour": date(2027, 3, 31),
        "fin_date": date(2027, 3, 31),
        "est_acceptee": True,
        "structure": "CPTS des Boucles de Seine",
        # Demandes d’assistance.
        "numero": "2026-000123",
        "theme": "Compte et connexion",
        "territoire": "SAS-76A Seine-Maritime",
        "texte": "Votre accès est rétabli.\nBonne journée.",
        # Agenda.
        "lundi": date(2026, 12, 7),
        "montre": "1 h 30",
        # Orientations.
        "ligne": _ORIENTATION,
        "lignes": [_ORIENTATION],
        "validite_j": 15,
        "seuil": "2 h",
        # Contestations.
        "periode": "3e trimestre 2026",
        "departement": Departement(code="59", nom="Nord"),
    }
