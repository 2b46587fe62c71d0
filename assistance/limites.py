"""Combien de demandes une même origine peut envoyer sans compte. Ni adresse IP ni courriel en clair."""

from __future__ import annotations

from django.core.cache import cache
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

PERIODE_S = 3600


def depasse(origine: str, maximum: int) -> bool:
    """Compte un envoi de cette origine ; vrai s’il dépasse `maximum` sur une heure.

    Sans courtier on laisse passer : perdre une demande serait pire que d’en recevoir trop.
    """
    empreinte = salted_hmac("assistance.limites", origine, algorithm="sha256").hexdigest()[:32]
    cle = f"assistance:envois:{empreinte}"
    try:
        cache.add(cle, 0, PERIODE_S)
        return cache.incr(cle) > maximum
    except (RedisError, ValueError):  # ValueError : la période a fini entre les deux appels
        return False
