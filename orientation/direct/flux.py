"""Le flux d’événements d’une page : court, borné en nombre par processus, et sans connexion à la base en attente."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Generator, Iterator
from datetime import datetime
from typing import Any

import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from agenda import actualisation
from agenda.offre.signal import Ecoute, ecouter
from orientation.direct.suivi import Suivi, heure_de

PAS_S = 0.5  # la fin d’une interrogation n’est pas publiée : on la regarde à ce pas


class Places:
    """Flux ouverts dans ce processus : chacun occupe un fil du serveur, et il en faut pour les pages."""

    def __init__(self) -> None:
        self._verrou = (
            threading.RLock()
        )  # un flux ramassé pendant qu’un autre s’ouvre rend la sienne dans le même fil
        self._prises = 0

    def prendre(self) -> bool:
        with self._verrou:
            if self._prises >= settings.DIRECT_FLUX_MAX:
                return False
            self._prises += 1
            return True

    def rendre(self) -> None:
        with self._verrou:
            self._prises -= 1


PLACES = Places()


class Flux:
    """Itérateur de la réponse ; rend sa place dès que le serveur le ferme, même sans l’avoir commencé."""

    def __init__(self, suivi: Suivi) -> None:
        self._evenements = evenements(suivi)
        self._ouvert = True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._evenements)

    def close(self) -> None:
        if self._ouvert:
            self._ouvert = False
            self._evenements.close()
            PLACES.rendre()

    def __del__(self) -> None:
        """Une réponse jetée sans être servie n’est fermée par personne."""
        self.close()


def evenements(suivi: Suivi) -> Generator[bytes]:
    """`cartes` chaque fois que des cartes changent, `etat` quand l’attente change, `fin` en dernier."""
    limite = time.monotonic() + settings.DIRECT_DUREE_S
    try:
        with ecouter() as ecoute:
            yield from _suivre(suivi, ecoute, limite)
    except redis.RedisError:
        # Sans signaux, la page se compare une fois et reviendra.
        yield from _comparer(suivi, timezone.now())
    yield _evenement("fin", suivi.bilan(timezone.now()) | {"pause_s": settings.DIRECT_PAUSE_S})


def _suivre(suivi: Suivi, ecoute: Ecoute, limite: float) -> Iterator[bytes]:
    en_cours: bool | None = None
    while True:
        attendus = bool(actualisation.en_cours(suivi.lots))
        yield from _comparer(suivi, timezone.now())
        if attendus != en_cours:
            en_cours = attendus
            yield _evenement("etat", {"en_cours": en_cours, "a": heure_de(timezone.now())})
        # L’attente dure : la connexion sert à d’autres pendant ce temps.
        if not connection.in_atomic_block:
            connection.close()
        if not _attendre(suivi, ecoute, limite, en_cours=en_cours):
            return


def _attendre(suivi: Suivi, ecoute: Ecoute, limite: float, *, en_cours: bool) -> bool:
    """Vrai dès qu’un lieu de la page change ou que l’attente d’un éditeur finit ; faux à l’heure de fermer."""
    while (reste := limite - time.monotonic()) > 0:
        if not ecoute.attendre(min(PAS_S, reste)).isdisjoint(suivi.vus):
            return True
        if bool(actualisation.en_cours(suivi.lots)) != en_cours:
            return True
    return False


def _comparer(suivi: Suivi, maintenant: datetime) -> Iterator[bytes]:
    if changees := suivi.changees(maintenant):
        yield _evenement("cartes", {"cartes": changees, "a": heure_de(maintenant)})


def _evenement(nom: str, donnees: dict[str, Any]) -> bytes:
    return f"event: {nom}\ndata: {json.dumps(donnees, ensure_ascii=False)}\n\n".encode()
