"""Combien de fois une même origine peut faire une chose. Rien d’elle n’est gardé en clair."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from time import time

from django.core.cache import cache
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

from sas_platform.socle.courtier import connexion
from sas_platform.socle.suites import Suites

MINUTE_S = 60


def depasse(quoi: str, origine: str, maximum: int, *, periode_s: int) -> bool:
    """Compte une fois de plus ; vrai si c’est plus de `maximum` depuis la première, il y a `periode_s` au plus.

    Sans courtier on laisse passer : un compteur en panne ne ferme pas la porte.
    """
    empreinte = salted_hmac(f"debits.{quoi}", origine, algorithm="sha256").hexdigest()[:32]
    cle = f"debit:{quoi}:{empreinte}"
    try:
        cache.add(cle, 0, periode_s)
        return cache.incr(cle) > maximum
    except (RedisError, ValueError):  # ValueError : la période a fini entre les deux appels
        return False


class DebitParMinute:
    """Appels de chaque origine, un numéro, dans la minute de l’horloge. Aucun n’attend le courtier.

    Chaque processus compte les siens, et apprend ceux des autres dans le dixième de seconde
    (`sas_platform.socle.suites`) : ensemble, ils en admettent au plus ce dixième de trop. Sans
    courtier, chacun compte seul.
    """

    def __init__(self, nom: str) -> None:
        self._nom = nom
        self._suites = Suites(f"debit-{nom}", self._partager)
        self._verrou = threading.Lock()
        self._minute = 0
        self._admis: dict[int, int] = {}

    def admet(self, origine: int, maximum: int) -> bool:
        """Compte cet appel s’il est admis."""
        minute = int(time()) // MINUTE_S
        with self._verrou:
            if minute != self._minute:
                self._minute, self._admis = minute, {}
            deja = self._admis.get(origine, 0)
            if deja >= maximum:
                return False
            self._admis[origine] = deja + 1
        self._suites.ajouter((minute, origine))
        return True

    def _partager(self, admis: Sequence[tuple[int, int]]) -> None:
        nombres = Counter(admis)
        try:
            with connexion().pipeline(transaction=False) as tuyau:
                for (minute, origine), nombre in nombres.items():
                    cle = f"debit:{self._nom}:{minute}:{origine}"
                    tuyau.incrby(cle, nombre)
                    tuyau.expire(cle, 2 * MINUTE_S)
                totaux = tuyau.execute()[::2]
        except RedisError:
            return
        with self._verrou:
            for (minute, origine), total in zip(nombres, totaux, strict=True):
                if minute == self._minute:
                    self._admis[origine] = max(self._admis.get(origine, 0), total)


def reste_de_la_minute() -> float:
    return MINUTE_S - time() % MINUTE_S
