"""Intervalles de temps, purs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Intervalle:
    """[debut, fin[ : deux instants avec fuseau, la fin exclue. Lève `ValueError` s’il est vide."""

    debut: datetime
    fin: datetime

    def __post_init__(self) -> None:
        if self.debut.tzinfo is None or self.fin.tzinfo is None:
            raise ValueError("instant sans fuseau")
        if self.fin <= self.debut:
            raise ValueError("intervalle vide")

    @property
    def duree(self) -> timedelta:
        return self.fin - self.debut

    def contient(self, instant: datetime) -> bool:
        return self.debut <= instant < self.fin

    def recouvre(self, autre: Intervalle) -> bool:
        return self.debut < autre.fin and autre.debut < self.fin


def unir(intervalles: Iterable[Intervalle]) -> Iterator[Intervalle]:
    """Les mêmes instants, dans l’ordre, sans recouvrement : ceux qui se touchent n’en font qu’un."""
    reuni: Intervalle | None = None
    for intervalle in sorted(intervalles):
        if reuni is not None and intervalle.debut <= reuni.fin:
            reuni = Intervalle(reuni.debut, max(reuni.fin, intervalle.fin))
            continue
        if reuni is not None:
            yield reuni
        reuni = intervalle
    if reuni is not None:
        yield reuni


def recouvre_un(intervalle: Intervalle, autres: Iterable[Intervalle]) -> bool:
    return any(intervalle.recouvre(autre) for autre in autres)
