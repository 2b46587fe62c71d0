"""Quelle activité déclarée au RPPS est un lieu où la régulation peut adresser un patient."""

from __future__ import annotations

HOPITAL_PUBLIC, TELECONSULTATION = "SA01", "SA64"
SALARIAT_DE_VILLE = frozenset({"SA05", "SA07", "SA08", "SA09"})  # centre de santé, cabinets, société
ETUDIANT = "E"


def est_de_ville(mode: str, secteur: str) -> bool:
    """Libéral hors hôpital public et téléconsultation, ou salarié d’un centre de santé ou d’un cabinet.

    Un mode absent est lu comme libéral. Source : references.md B1, nomenclatures TRE_R23 et TRE_R02.
    """
    if mode in ("L", ""):
        return secteur not in (HOPITAL_PUBLIC, TELECONSULTATION)
    return mode == "S" and secteur in SALARIAT_DE_VILLE
