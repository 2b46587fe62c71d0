"""Temps de trajet en voiture quand aucun calcul d’itinéraire ne répond : un ordre de grandeur, annoncé comme tel."""

from __future__ import annotations

from enum import Enum
from math import ceil

DEPART_ET_ARRIVEE_MIN = 3  # sortir, rejoindre la rue, se garer


class Zone(Enum):
    """Type de zone : coefficient de détour (route ÷ vol d’oiseau), vitesse moyenne en km/h."""

    TRES_DENSE = (1.4, 18.0)
    URBAINE = (1.35, 28.0)
    MIXTE = (1.3, 42.0)
    RURALE = (1.3, 52.0)


def zone(rayon_defaut_km: float) -> Zone:
    """D’après le rayon de recherche du département, qui suit la densité de ses médecins (docs/adr/0026)."""
    if rayon_defaut_km <= 5:
        return Zone.TRES_DENSE
    if rayon_defaut_km <= 10:
        return Zone.URBAINE
    return Zone.MIXTE if rayon_defaut_km <= 20 else Zone.RURALE


def estimation_min(distance_km: float, zone: Zone) -> int:
    """Minutes, arrondies au-dessus : mieux vaut annoncer un peu trop. `distance_km` à vol d’oiseau.

    Au-delà de dix minutes, à cinq minutes près : une précision que l’estimation n’a pas tromperait.
    Lève `ValueError` pour une distance négative.
    """
    if distance_km < 0:
        raise ValueError("distance négative")
    detour, vitesse = zone.value
    minutes = DEPART_ET_ARRIVEE_MIN + 60 * distance_km * detour / vitesse
    return ceil(minutes) if minutes <= 10 else 5 * ceil(minutes / 5)


def en_clair(minutes: int, *, estime: bool, du_centre: bool = False) -> str:
    """« ≈ 12 min en voiture (estimation) » ; `du_centre` : depuis le centre de la commune, non d’une adresse."""
    heures, reste = divmod(minutes, 60)
    duree = f"{heures}\u00a0h\u00a0{reste:02d}" if heures else f"{minutes}\u00a0min"
    depart = " depuis le centre" if du_centre else ""
    return f"≈\u00a0{duree} en voiture{depart}{' (estimation)' if estime else ''}"
