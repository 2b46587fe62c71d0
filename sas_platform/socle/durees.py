"""Durées telles qu’un texte les donne, en mois ou en jours du calendrier ; pur."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

_FORME = re.compile(r"(\d{1,4}) (mois|jours?)")


@dataclass(frozen=True, slots=True)
class Duree:
    """`mois` de calendrier, ou `jours` ; l’un des deux seulement."""

    mois: int = 0
    jours: int = 0

    @classmethod
    def lire(cls, texte: str) -> Duree:
        """« 12 mois », « 30 jours ». Lève `ValueError` pour toute autre forme, et pour une durée nulle."""
        trouve = _FORME.fullmatch(texte.strip())
        if trouve is None or int(trouve[1]) == 0:
            raise ValueError(f"{texte!r} : écrivez « 12 mois » ou « 30 jours »")
        nombre = int(trouve[1])
        return cls(mois=nombre) if trouve[2] == "mois" else cls(jours=nombre)

    def avant(self, jour: date) -> date:
        """Le même quantième, `mois` plus tôt ; le dernier du mois s’il y manque (31 mars − 1 mois : 28 février)."""
        if self.jours:
            return jour - timedelta(days=self.jours)
        rang = jour.year * 12 + jour.month - 1 - self.mois
        annee, mois = divmod(rang, 12)
        dernier = calendar.monthrange(annee, mois + 1)[1]
        return date(annee, mois + 1, min(jour.day, dernier))

    def __str__(self) -> str:
        return f"{self.mois} mois" if self.mois else f"{self.jours} jour{'s' if self.jours > 1 else ''}"
