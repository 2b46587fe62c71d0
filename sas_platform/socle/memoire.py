"""Garder un moment, dans le processus, ce qui ne change presque jamais."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache, wraps
from time import monotonic
from typing import TypeVar

A = TypeVar("A", bound=Hashable)
R = TypeVar("R")

_oublis: list[Callable[[], None]] = []


def memoriser(*, duree_s: int, taille: int) -> Callable[[Callable[[A], R]], Callable[[A], R]]:
    """Rappelle ce qu’une fonction a déjà rendu du même argument, pendant `duree_s` secondes au plus.

    Pour des tables de référence seulement : un changement met jusqu’à `duree_s`
    à se voir, dans chaque processus. Une exception n’est pas gardée : ce qui
    n’existait pas se voit dès qu’il existe. `taille` borne la mémoire.
    """

    def decorer(fonction: Callable[[A], R]) -> Callable[[A], R]:
        @lru_cache(maxsize=taille)
        def gardee(tranche: int, argument: A) -> R:
            return fonction(argument)

        @wraps(fonction)
        def rappelee(argument: A) -> R:
            return gardee(int(monotonic()) // duree_s, argument)

        _oublis.append(gardee.cache_clear)
        return rappelee

    return decorer


def tout_oublier() -> None:
    """Entre deux tests : chacun a ses propres tables de référence."""
    for oublier in _oublis:
        oublier()
