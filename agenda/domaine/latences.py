"""Durées d’appel comptées par classes, et les centiles que l’on en tire.

Une classe est 9 % plus large que la précédente : d’un million d’appels il ne reste
qu’une centaine de nombres, qui s’ajoutent d’une heure à l’autre, et un centile y est
juste à 5 %, ou une milliseconde, près.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from itertools import accumulate, count, takewhile

DUREE_MAX_MS = 65_536
_PAR_DOUBLEMENT = 8
# Plus grande durée de chaque classe, en millisecondes entières : les douze premières n’en ont qu’une.
BORNES = sorted(
    set(takewhile(lambda ms: ms <= DUREE_MAX_MS, (round(2 ** (n / _PAR_DOUBLEMENT)) for n in count())))
)


def classe(duree_ms: int) -> int:
    """Rang de la classe de cette durée ; ce qui dépasse `DUREE_MAX_MS` est dans la dernière."""
    return min(bisect_left(BORNES, duree_ms), len(BORNES) - 1)


def duree_ms(classe: int) -> int:
    """Milieu de la classe."""
    haute = BORNES[classe]
    basse = BORNES[classe - 1] + 1 if classe else 0
    return (basse + haute) // 2


def centile(nombres: Mapping[int, int], pour_cent: int) -> int | None:
    """Durée, en millisecondes, que `pour_cent` des appels n’ont pas dépassée, au plus proche rang ; rien sans appel.

    `nombres` : appels par classe. Lève `ValueError` si `pour_cent` n’est pas de 1 à 100.
    """
    if not 1 <= pour_cent <= 100:
        raise ValueError("un centile va de 1 à 100")
    classes = sorted(nombres)
    cumuls = list(accumulate(nombres[rang] for rang in classes))
    if not cumuls or not cumuls[-1]:
        return None
    rang = -(-pour_cent * cumuls[-1] // 100)
    return duree_ms(classes[bisect_left(cumuls, rang)])
