"""Le serveur au protocole Redis que tous les processus partagent : budgets, verrous, signaux."""

from __future__ import annotations

from functools import cache

import redis
from django.conf import settings
from redis.commands.core import Script

DELAI_S = 2


@cache
def connexion() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=DELAI_S, socket_connect_timeout=DELAI_S, protocol=2
    )


@cache
def script(texte: str) -> Script:
    """Script appelé par son empreinte : le serveur ne le reçoit qu’une fois."""
    return connexion().register_script(texte)


@cache
def _files() -> redis.Redis:
    return redis.Redis.from_url(
        settings.CELERY_BROKER_URL, socket_timeout=DELAI_S, socket_connect_timeout=DELAI_S
    )


def longueur_de_file(nom: str) -> int:
    """Tâches qui attendent dans cette file, sans celles qu’un worker exécute."""
    return int(_files().llen(nom))
