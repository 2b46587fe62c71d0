"""Le travail que demande une réponse sans avoir à la retarder : un fil le fait, pour toutes celles du dixième de seconde."""

from __future__ import annotations

import atexit
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import structlog
from django.conf import settings
from django.db import connections

ATTENTE_S = 0.1
# Si le travail n’avance plus (base ou courtier lents), la plus ancienne est oubliée : aucune n’est due à quelqu’un.
GARDEES_MAX = 2_000

T = TypeVar("T")
journal = structlog.get_logger(__name__)


class Suites(Generic[T]):
    """`faire` reçoit les suites accumulées, dans leur ordre ; ce qu’il lève va au journal, sans la valeur.

    `SUITES_IMMEDIATES` les fait sur place : les tests voient l’effet d’une page sitôt qu’elle est rendue.
    """

    def __init__(self, nom: str, faire: Callable[[Sequence[T]], object]) -> None:
        self._nom = nom
        self._faire = faire
        self._suites: deque[T] = deque(maxlen=GARDEES_MAX)
        self._verrou = threading.Lock()
        self._arrivee = threading.Event()
        self._fil: threading.Thread | None = None

    def ajouter(self, suite: T) -> None:
        if settings.SUITES_IMMEDIATES:
            self._faire([suite])
            return
        self._suites.append(suite)
        self._arrivee.set()
        if self._fil is None:
            self._lancer()

    def vider(self) -> None:
        """Fait tout de suite ce qui attend."""
        with self._verrou:
            suites = [self._suites.popleft() for _ in range(len(self._suites))]
            if not suites:
                return
            try:
                self._faire(suites)
            except Exception as erreur:  # le fil survit à tout : il n’y a plus personne à qui dire l’échec
                journal.warning("suite_impossible", suites=self._nom, erreur=type(erreur).__name__)

    def _lancer(self) -> None:
        with self._verrou:
            if self._fil is None:
                self._fil = threading.Thread(target=self._suivre, name=self._nom, daemon=True)
                self._fil.start()
                atexit.register(self.vider)

    def _suivre(self) -> None:
        pause = threading.Event()
        while self._arrivee.wait():
            pause.wait(ATTENTE_S)
            self._arrivee.clear()
            self.vider()
            connections.close_all()
