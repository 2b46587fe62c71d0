"""Ce qu’une mesure rend, et comment on le résume."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """Bornes du budget : de la valeur, de son rapport au plancher."""

    max: float | None = None
    min: float | None = None
    ratio_max: float | None = None

    def en_clair(self) -> dict[str, float]:
        bornes = {"max": self.max, "min": self.min, "ratio_max": self.ratio_max}
        return {nom: borne for nom, borne in bornes.items() if borne is not None}


@dataclass(frozen=True, slots=True)
class Ligne:
    """Une mesure. `plancher` : ce que coûterait le strict nécessaire, mesuré dans la même série.

    `n` : nombre d’observations. `debit` : la valeur est une vitesse, le rapport
    dit combien de fois on est plus lent que le plancher.
    """

    mesure: str
    valeur: float
    unite: str
    n: int
    plancher: float | None = None
    budget: Budget = Budget()
    debit: bool = False

    @property
    def ratio(self) -> float | None:
        if not self.plancher or not self.valeur:
            return None
        return self.plancher / self.valeur if self.debit else self.valeur / self.plancher

    def en_json(self, echelle: str) -> str:
        contenu: dict[str, object] = {
            "mesure": self.mesure,
            "valeur": _arrondir(self.valeur),
            "unite": self.unite,
            "plancher": _arrondir(self.plancher),
            "ratio": _arrondir(self.ratio),
            "n": self.n,
            "echelle": echelle,
        }
        if bornes := self.budget.en_clair():
            contenu["budget"] = bornes
        return json.dumps(contenu, ensure_ascii=False)


def centile(valeurs: Sequence[float], rang: float) -> float:
    """Plus petite valeur observée que `rang` % des observations ne dépassent pas."""
    triees = sorted(valeurs)
    return triees[max(0, math.ceil(rang / 100 * len(triees)) - 1)]


def duree_ms(appel: Callable[..., object], *arguments: object) -> float:
    debut = time.perf_counter()
    appel(*arguments)
    return (time.perf_counter() - debut) * 1000


def dire(texte: str) -> None:
    """Avancement, sur la sortie d’erreur."""
    sys.stderr.write(f"  {texte}\n")


def _arrondir(valeur: float | None) -> float | None:
    if valeur is None or valeur == 0:
        return valeur
    return round(valeur, max(0, 3 - math.floor(math.log10(abs(valeur)))))
