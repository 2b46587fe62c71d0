"""Écoute les acquittements et les erreurs que le Hub Santé rend : un processus à part, toujours debout."""

from __future__ import annotations

import signal
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections
from django.utils import timezone

from orientation.hub import reception, transport

ATTENTE_S = 5.0
PREMIERE_PAUSE_S = 1.0
PAUSE_MAX_S = 60.0
# Sa date dit que la boucle tourne : `deploiement/sante.py ecoute` la lit.
TEMOIN = Path(tempfile.gettempdir()) / "sas-ecoute-hub"

journal = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Écoute les files .ack et .info du Hub Santé. S’arrête proprement sur SIGTERM ou SIGINT."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--duree", type=float, default=0, help="S’arrêter après tant de secondes ; 0 : jamais."
        )

    def handle(self, *, duree: float, **options: Any) -> None:
        if not settings.HUB_URL:
            raise CommandError("HUB_URL est vide : le Hub Santé n’est pas configuré.")
        self.bilan: Counter[str] = Counter()
        self.debout = True
        self.fin = time.monotonic() + duree if duree else None
        for numero in (signal.SIGTERM, signal.SIGINT):
            signal.signal(numero, self._arreter)
        pause = PREMIERE_PAUSE_S
        while self._continuer():
            recus = self.bilan.total()
            try:
                transport.ecouter(self._traiter, continuer=self._continuer, attente_s=ATTENTE_S)
            except transport.HubInjoignable as panne:
                if self.bilan.total() > recus:
                    pause = PREMIERE_PAUSE_S
                journal.warning("hub.liaison_perdue", raison=str(panne), pause_s=pause)
                self._patienter(pause)
                pause = min(pause * 2, PAUSE_MAX_S)
        resume = ", ".join(f"{nombre} {nom}" for nom, nombre in sorted(self.bilan.items())) or "rien reçu"
        self.stdout.write(self.style.SUCCESS(f"Écoute finie : {resume}"))

    def _traiter(self, file: str, corps: bytes) -> None:
        close_old_connections()
        ligne = reception.recevoir(corps, maintenant=timezone.now())
        genre = ligne.evenement if ligne else "doublon"
        self.bilan[genre] += 1
        journal.info("hub.retour", file=file, genre=genre, rattache=bool(ligne and ligne.message_id))

    def _continuer(self) -> bool:
        TEMOIN.touch()
        return self.debout and (self.fin is None or time.monotonic() < self.fin)

    def _patienter(self, secondes: float) -> None:
        limite = time.monotonic() + secondes
        while self._continuer() and time.monotonic() < limite:
            time.sleep(0.2)

    def _arreter(self, *_: Any) -> None:
        self.debout = False
