"""Délai jusqu’au premier créneau, rangé par tranches : assez pour une médiane, trop peu pour reconnaître une recherche."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

# Première minute de chaque tranche, et son nom : des heures. La dernière finit avec ce que la recherche montre.
TRANCHES = {
    0: "0-1",
    60: "1-2",
    120: "2-4",
    240: "4-8",
    480: "8-12",
    720: "12-24",
    1440: "24-48",
    2880: "48-96",
}
_BORNES = list(TRANCHES)


def tranche(minutes: int) -> str:
    """Tranche d’un délai ; un créneau déjà commencé est dans la première."""
    return TRANCHES[_BORNES[bisect_right(_BORNES, max(0, minutes)) - 1]]


def mediane_min(nombres: Mapping[str, int]) -> float | None:
    """Délai médian, en minutes, d’après le nombre de chaque tranche ; rien sans nombre.

    Les délais d’une tranche y sont supposés également répartis : la médiane est à
    sa place entre les bornes de la sienne.
    """
    total = sum(nombres.get(nom, 0) for nom in TRANCHES.values())
    if not total:
        return None
    avant = 0
    for (debut, nom), fin in zip(TRANCHES.items(), [*_BORNES[1:], 2 * _BORNES[-1]], strict=True):
        dedans = nombres.get(nom, 0)
        if dedans and avant + dedans >= total / 2:
            return debut + (fin - debut) * (total / 2 - avant) / dedans
        avant += dedans
    raise AssertionError("la moitié d’un total se trouve dans une de ses parts")
