"""Un mois du calendrier, écrit « 2026-04 » ; pur."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from sas_platform.socle.francais import MOIS

_FORME = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class Mois:
    annee: int
    numero: int

    @classmethod
    def de(cls, jour: date) -> Mois:
        return cls(jour.year, jour.month)

    @classmethod
    def lire(cls, texte: str) -> Mois:
        """« 2026-04 ». Lève `ValueError` pour toute autre forme, et hors des années 2000 à 2999."""
        trouve = _FORME.fullmatch(texte)
        if trouve is None or not texte.startswith("2"):
            raise ValueError(f"{texte!r} : écrivez un mois comme « 2026-04 »")
        return cls(int(trouve[1]), int(trouve[2]))

    @property
    def premier(self) -> date:
        return date(self.annee, self.numero, 1)

    @property
    def suivant(self) -> Mois:
        return self.plus(1)

    @property
    def precedent(self) -> Mois:
        return self.plus(-1)

    def plus(self, mois: int) -> Mois:
        annee, rang = divmod(self.annee * 12 + self.numero - 1 + mois, 12)
        return Mois(annee, rang + 1)

    @property
    def libelle(self) -> str:
        return f"{MOIS[self.numero - 1]} {self.annee}"

    def __str__(self) -> str:
        return f"{self.annee}-{self.numero:02d}"
