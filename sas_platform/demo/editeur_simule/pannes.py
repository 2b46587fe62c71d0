"""Ce que l’éditeur simulé peut faire de travers, à la demande."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    AUCUNE = "aucune"
    LENT = "lent"
    ERREUR_500 = "erreur_500"
    MALFORME = "malforme"
    DELAI = "delai"
    MAUVAIS_PRATICIENS = "mauvais_praticiens"


ATTENTES_S = {Mode.LENT: 3.0, Mode.DELAI: 30.0}
ATTENTE_MAX_S = 120.0


@dataclass(slots=True)
class Panne:
    """Panne en cours. `secondes` : attente avant de répondre, pour les modes `lent` et `delai`."""

    mode: Mode = Mode.AUCUNE
    secondes: float = 0.0

    @classmethod
    def lire(cls, mode: object, secondes: object = None) -> Panne:
        """Lève `ValueError` si le mode est inconnu ou l’attente hors de [0, 120]."""
        choisi = Mode(str(mode))
        if secondes is None:
            return cls(choisi, ATTENTES_S.get(choisi, 0.0))
        if isinstance(secondes, bool) or not isinstance(secondes, int | float):
            raise ValueError("secondes : un nombre")
        if not 0 <= secondes <= ATTENTE_MAX_S:
            raise ValueError(f"secondes : de 0 à {ATTENTE_MAX_S:g}")
        return cls(choisi, float(secondes))
