"""Publier des nombres sans que les petits se devinent. Pur.

Un nombre inférieur à `SEUIL` est masqué. Il se retrouverait par différence si un total publié ne laissait qu’un
seul trou : le plus petit des nombres publiables est donc masqué avec lui, et tous ceux qui lui sont égaux.
Rien ne dit alors lequel des masqués est petit : deux d’entre eux, échangés, donneraient la même publication.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

SEUIL = 11
C = TypeVar("C", bound=Hashable)


def masquer(parts: Mapping[C, int], total: int) -> tuple[dict[C, int | None], int | None]:
    """Les parts et leur total tels qu’on les publie ; `None` pour ce qui est masqué.

    `total` est la somme des parts, ou un nombre qui ne s’en éloigne guère. Tout est masqué, total compris, s’il est
    petit, ou si aucune part n’est assez grande pour cacher les petites.
    """
    petites = {cle for cle, n in parts.items() if n < SEUIL}
    if total >= SEUIL and not petites:
        return dict(parts), total
    grandes = [n for n in parts.values() if n >= SEUIL]
    if total < SEUIL or not grandes:
        return dict.fromkeys(parts), None
    seuil = min(grandes)
    return {cle: n if n > seuil else None for cle, n in parts.items()}, total
