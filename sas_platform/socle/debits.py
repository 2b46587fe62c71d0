"""Combien de fois une même origine peut faire une chose. Rien d’elle n’est gardé en clair."""

from __future__ import annotations

from django.core.cache import cache
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError


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
