"""Parcourir tout le pays en plusieurs fois : une tâche finit avant que le courtier ne la redonne à un autre (120 s)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple


class Passage(NamedTuple):
    """Ce qu’un passage a fait ; `reprise` : l’id après lequel le suivant continue, nul si tout est fait."""

    nombre: int
    reprise: int | None = None


def sans_fin() -> bool:
    return True


def parcourir(
    lots: Iterable[list[int]], traiter: Callable[[list[int]], int], encore: Callable[[], bool]
) -> Passage:
    """Traite des lots d’ids croissants tant qu’il reste du temps, et un au moins : on avance toujours."""
    nombre, dernier = 0, None
    for lot in lots:
        if dernier is not None and not encore():
            return Passage(nombre, dernier)
        nombre += traiter(lot)
        dernier = lot[-1]
    return Passage(nombre)
