"""De quoi appeler un service extérieur pendant une requête, sans jamais la retenir plus que prévu."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

ECHECS_AVANT_OUVERTURE = 3
REPOS_S = 30.0

T = TypeVar("T")


class Disjoncteur:
    """S’ouvre après trois échecs de suite ; laisse passer un essai toutes les trente secondes."""

    def __init__(self) -> None:
        self._verrou = threading.Lock()
        self._echecs = 0
        self._ferme_jusqu_a = 0.0

    def laisse_passer(self) -> bool:
        with self._verrou:
            if self._echecs < ECHECS_AVANT_OUVERTURE:
                return True
            if time.monotonic() < self._ferme_jusqu_a:
                return False
            self._ferme_jusqu_a = time.monotonic() + REPOS_S
            return True

    def noter(self, *, reussi: bool) -> None:
        with self._verrou:
            self._echecs = 0 if reussi else self._echecs + 1
            if self._echecs >= ECHECS_AVANT_OUVERTURE:
                self._ferme_jusqu_a = time.monotonic() + REPOS_S


class Boucle:
    """Une boucle asyncio dans un fil à part : la requête rend la main au bout du délai, quoi qu’il arrive.

    `asyncio.run` ne le peut pas : il attend la fin d’une résolution de nom bloquée.
    """

    def __init__(self, nom: str) -> None:
        self._nom = nom
        self._verrou = threading.Lock()
        self._boucle: asyncio.AbstractEventLoop | None = None

    def attendre(self, coroutine: Coroutine[Any, Any, T], *, delai_s: float) -> T:
        """Lève ce que lève la coroutine, ou `TimeoutError` au bout du délai."""
        with self._verrou:
            if self._boucle is None:
                self._boucle = asyncio.new_event_loop()
                threading.Thread(target=self._boucle.run_forever, name=self._nom, daemon=True).start()
        # La coroutine s’arrête d’elle-même au délai : l’annuler d’ici laisserait une erreur que personne ne lirait.
        bornee = asyncio.wait_for(coroutine, delai_s)
        return asyncio.run_coroutine_threadsafe(bornee, self._boucle).result(timeout=delai_s)
