"""Combien de demandes une même origine peut envoyer sans compte. Ni adresse IP ni courriel en clair."""

from __future__ import annotations

from sas_platform.socle import debits

PERIODE_S = 3600


def depasse(origine: str, maximum: int) -> bool:
    """Compte un envoi de cette origine ; vrai s’il dépasse `maximum` sur une heure.

    Sans courtier on laisse passer : perdre une demande serait pire que d’en recevoir trop.
    """
    return debits.depasse("assistance", origine, maximum, periode_s=PERIODE_S)
