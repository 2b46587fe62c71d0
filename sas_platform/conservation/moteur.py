"""Une règle de conservation, et comment elle s’applique : par lots, rejouable, avec une preuve."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from comptes.actions import tracer


class Geste(enum.StrEnum):
    EFFACER = "effacement"
    ANONYMISER = "anonymisation"
    PSEUDONYMISER = "pseudonymisation"


@dataclass(frozen=True, slots=True)
class Passage:
    """Une exécution : `limite` est l’instant avant lequel la donnée a fait son temps."""

    limite: datetime
    maintenant: datetime
    archives: Path | None = None


@dataclass(frozen=True, slots=True)
class Regle:
    """`echues` rend les lignes arrivées au terme ; `passer` en traite un lot et rend leur nombre, zéro à la fin."""

    nom: str
    objet: str
    geste: Geste
    echues: Callable[[datetime], QuerySet[Any]]
    passer: Callable[[Passage], int]

    @property
    def reference(self) -> str:
        return str(settings.CONSERVATION[self.nom].reference)

    @property
    def duree(self) -> str:
        return str(settings.CONSERVATION[self.nom].duree)

    def limite(self, maintenant: datetime) -> datetime:
        """Début du jour, à l’heure de Paris, que la durée sépare d’aujourd’hui : ce jour-là se garde encore."""
        jour = settings.CONSERVATION[self.nom].duree.avant(timezone.localdate(maintenant))
        return timezone.make_aware(datetime.combine(jour, time.min))


def par_lots(
    echues: Callable[[datetime], QuerySet[Any]],
    geste: Callable[[QuerySet[Any]], object],
    *,
    lot: int = 500,
) -> Callable[[Passage], int]:
    """Les conditions sont relues avec le geste, la ligne ayant pu changer entre-temps."""

    def passer(passage: Passage) -> int:
        numeros = list(echues(passage.limite).order_by("pk").values_list("pk", flat=True)[:lot])
        if numeros:
            geste(echues(passage.limite).filter(pk__in=numeros))
        return len(numeros)

    return passer


def executer(
    regle: Regle,
    *,
    maintenant: datetime,
    archives: Path | None = None,
    lots_max: int | None = None,
    avancer: Callable[[int], None] = lambda faites: None,
) -> tuple[int, bool]:
    """Applique une règle, lot après lot ; rend le nombre de lignes traitées, et vrai si tout est fait.

    Rejouable : ce qui est fait ne revient pas. Un lot et sa ligne dans la trace
    vont dans une même transaction : rien ne part sans preuve, où que le passage
    s’arrête. Un passage qui n’a rien trouvé laisse la sienne aussi.
    """
    passage = Passage(regle.limite(maintenant), maintenant, archives)
    total, lots = 0, 0
    while lots_max is None or lots < lots_max:
        with transaction.atomic():
            traitees = regle.passer(passage)
            if traitees or not total:
                tracer(
                    acteur=None,
                    verbe="donnees.purgees",
                    objet=f"conservation:{regle.nom}",
                    nombre=traitees,
                    limite=passage.limite.isoformat(),
                )
        if not traitees:
            return total, True
        total, lots = total + traitees, lots + 1
        avancer(total)
    return total, False
