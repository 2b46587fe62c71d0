"""Rayons de recherche d’un département : les valeurs publiées, corrigées de leurs fautes (W-01 à W-03)."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Rayon (km) d’un disque qui contient cinq généralistes → rayon par défaut (km). Le tableau publié
# calcule √(1/π)/d, qui n’est pas une longueur ; la vraie, r = √(5/(π·d)), lui est liée par
# publié = √π·r². Ses seuils 100, 75, 50, 25 et 5 deviennent donc ceux-ci, aux mêmes classes.
CLASSES_KM = (
    (math.sqrt(100 / math.sqrt(math.pi)), 50),
    (math.sqrt(75 / math.sqrt(math.pi)), 40),
    (math.sqrt(50 / math.sqrt(math.pi)), 30),
    (math.sqrt(25 / math.sqrt(math.pi)), 20),
    (math.sqrt(5 / math.sqrt(math.pi)), 10),
    (0.0, 5),
)


@dataclass(frozen=True, slots=True)
class Rayons:
    """En kilomètres entiers, tous d’au moins un."""

    defaut_km: int
    pas_km: int
    departement_km: int


def rayon_pour(praticiens: int, par_km2: float) -> float:
    """Rayon, en km, du disque qui contient ce nombre de praticiens à cette densité."""
    return math.sqrt(praticiens / (math.pi * par_km2))


def classe(rayon_5_praticiens_km: float) -> int:
    return next(rayon for seuil, rayon in CLASSES_KM if rayon_5_praticiens_km >= seuil)


def rayons(
    *,
    superficie_km2: float,
    defaut_publie_km: int = 0,
    mg_par_km2: float | None = None,
    etendue_km: int = 0,
) -> Rayons:
    """Rayons d’un département.

    - Département : √(2 × superficie), recalculé pour tous, car le tableau publié l’a décalé d’une
      ligne pour onze d’entre eux (W-02) et n’en a pas outre-mer (W-03). `etendue_km` le porte plus
      loin pour un archipel, dont les îles habitées dépassent de beaucoup ce cercle.
    - Défaut : celui du tableau s’il n’est pas nul. Sinon la classe que donne la densité de
      généralistes (Guyane). Sans densité (Mayotte, collectivités) : la plus petite classe qui
      atteint la moitié du rayon tiré de la superficie, 50 km au plus.
    - Pas d’élargissement : la moitié du défaut, arrondie au-dessus.

    Lève `ValueError` si la superficie n’est pas positive. Source : metier.md S-14 à S-18.
    """
    if superficie_km2 <= 0:
        raise ValueError("superficie nulle ou négative")
    etalement_km = math.sqrt(2 * superficie_km2)
    defaut = defaut_publie_km
    if not defaut and mg_par_km2:
        defaut = classe(rayon_pour(5, mg_par_km2))
    if not defaut:
        defaut = next((km for _, km in reversed(CLASSES_KM) if km >= etalement_km / 2), 50)
    return Rayons(
        defaut_km=defaut,
        pas_km=math.ceil(defaut / 2),
        departement_km=max(1, round(etalement_km), etendue_km),
    )
