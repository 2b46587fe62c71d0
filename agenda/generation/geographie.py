"""Où tirer les lieux : de vraies communes, selon leur population."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from agenda.generation.noms import tranche_fictive
from annuaire.domaine.territoire import KM_PAR_DEGRE


@dataclass(frozen=True, slots=True)
class Place:
    """Une commune habitée et située, telle que le tirage l’emploie."""

    code_insee: str
    nom: str
    code_postal: str
    departement: str
    region: str
    fuseau: str
    population: int
    lat: float
    lon: float

    @property
    def prefixe_telephone(self) -> str:
        return tranche_fictive(self.region)


class Territoire:
    """Tire des communes avec une probabilité proportionnelle à leur population."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places
        self._cumul = list(accumulate(place.population for place in places))

    def tirer(self, hasard: Random) -> Place:
        return self._places[bisect(self._cumul, hasard.random() * self._cumul[-1])]


def position(place: Place, hasard: Random) -> tuple[float, float]:
    """Un point autour du centre de la commune, d’autant plus loin qu’elle est peuplée : 300 m à 4 km."""
    rayon_km = min(4.0, 0.3 + math.sqrt(place.population) / 120)
    distance, angle = rayon_km * math.sqrt(hasard.random()), hasard.random() * math.tau
    lat = place.lat + distance * math.sin(angle) / KM_PAR_DEGRE
    lon = place.lon + distance * math.cos(angle) / (KM_PAR_DEGRE * math.cos(math.radians(place.lat)))
    return round(lat, 5), round(lon, 5)
