"""Dire à qui écoute, une fois la transaction faite, que l’offre de ces lieux a changé.

Un message perdu ne coûte qu’un peu de retard : qui écoute compare à la base en
arrivant, puis à chaque message. Sans courtier, l’écriture se fait quand même.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial

import redis
from django.db import transaction
from redis.client import PubSub

from sas_platform.socle.courtier import connexion

CANAL = "sas:lieux"
SILENCE_S = 10.0  # après un échec, on n’essaie plus de publier pendant ce temps : une écriture n’attend pas
_muet_jusqu = 0.0


def signaler(lieu_ids: Collection[int]) -> None:
    """À appeler dans la transaction qui écrit : un seul message, après elle, quel que soit le nombre de lieux."""
    if lieu_ids:
        transaction.on_commit(partial(_publier, tuple(lieu_ids)), robust=True)


def _publier(lieu_ids: tuple[int, ...]) -> None:
    global _muet_jusqu
    if time.monotonic() < _muet_jusqu:
        return
    try:
        connexion().publish(CANAL, ",".join(map(str, lieu_ids)))
    except redis.RedisError:
        _muet_jusqu = time.monotonic() + SILENCE_S


class Ecoute:
    """Changements publiés depuis `ecouter`."""

    def __init__(self, abonnement: PubSub) -> None:
        self._abonnement = abonnement

    def attendre(self, delai_s: float) -> set[int]:
        """Lieux du prochain message ; aucun si rien ne vient dans le délai. Lève `redis.RedisError`."""
        message = self._abonnement.get_message(ignore_subscribe_messages=True, timeout=max(0.0, delai_s))
        return {int(lieu) for lieu in message["data"].split(b",")} if message else set()


@contextmanager
def ecouter() -> Iterator[Ecoute]:
    abonnement = connexion().pubsub()
    try:
        abonnement.subscribe(CANAL)
        yield Ecoute(abonnement)
    finally:
        abonnement.close()
