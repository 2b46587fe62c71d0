"""Publier des nombres sans que les petits se devinent. Pur.

Un nombre inférieur à `SEUIL` est masqué. Il se retrouverait par différence avec le total : les plus petits des nombres
publiables sont donc masqués avec lui, jusqu’à ce que chacun des petits puisse valoir n’importe quoi sous le seuil, même
pour qui connaît cette règle et sait lesquels sont petits.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from math import inf
from typing import TypeVar

SEUIL = 11
C = TypeVar("C", bound=Hashable)


def masquer(parts: Mapping[C, int], total: int) -> tuple[dict[C, int | None], int | None]:
    """Les parts et leur total tels qu’on les publie ; `None` pour ce qui est masqué.

    `total` est la somme des parts, ou un nombre qui ne s’en éloigne guère. Tout est masqué, total compris, s’il est
    petit, ou si aucune part n’est assez grande pour cacher les petites.
    """
    petites = [n for n in parts.values() if n < SEUIL]
    grandes = sorted(n for n in parts.values() if n >= SEUIL)
    if total >= SEUIL and not petites:
        return dict(parts), total
    for seuil in sorted(set(grandes)) if total >= SEUIL else ():
        cachees = [n for n in grandes if n <= seuil]
        suivante = next((n for n in grandes if n > seuil), inf)
        if _se_cachent(petites, cachees, suivante):
            return {cle: n if n > seuil else None for cle, n in parts.items()}, total
    return dict.fromkeys(parts), None


def _se_cachent(petites: Sequence[int], cachees: Sequence[int], suivante: float) -> bool:
    """Avec la même somme, une petite pourrait être nulle, ou juste sous le seuil ; les grandes cachées vont du seuil
    à la `suivante`, la plus petite de celles qu’on publie."""
    somme = sum(petites) + sum(cachees)
    au_moins = SEUIL * len(cachees) + SEUIL - 1
    au_plus = (suivante - 1) * len(cachees) + (SEUIL - 1) * (len(petites) - 1)
    return au_moins <= somme <= au_plus
