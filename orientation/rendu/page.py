"""La page de résultats s’écrit en deux temps : son cadre pendant que PostgreSQL cherche, puis ce qu’il a trouvé."""

from __future__ import annotations

from itertools import chain
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

# Là où un gabarit s’interrompt ; rien de ce qui s’affiche ne peut l’écrire, tout texte étant échappé.
SUITE = mark_safe("<!--suite-->")


def ecrire(gabarit: str, contexte: dict[str, Any], request: HttpRequest | None = None) -> list[str]:
    """Les parts d’un gabarit, coupé à chaque `suite` ; `request` à qui s’en sert, comme le cadre."""
    return render_to_string(gabarit, contexte | {"suite": SUITE}, request).split(SUITE)


def assembler(cadre: list[str], trouves: list[str]) -> str:
    """Le cadre, et entre deux de ses parts une part de ce qui est trouvé."""
    premiere, *autres = cadre
    return premiere + "".join(chain.from_iterable(zip(trouves, autres, strict=True)))
