"""Bornes d’envoi : nul ne remplit la boîte d’un autre, et un double clic n’envoie qu’un courriel."""

from __future__ import annotations

import hashlib

from django.core.cache import cache

ENVOIS_MAX = 5
PERIODE_S = 3600
DOUBLE_CLIC_S = 15


class TropDEnvois(Exception):
    """Trop de courriels demandés par cette personne, ou pour cette adresse ; le message est montrable."""

    message = (
        "Trop de courriels ont été demandés. Cherchez le dernier reçu, sans oublier les indésirables, "
        "ou réessayez dans une heure."
    )


def est_double_clic(identifiant_national: str, email: str) -> bool:
    return not cache.add(_cle("clic", identifiant_national, email), 1, DOUBLE_CLIC_S)


def compter(identifiant_national: str, email: str) -> None:
    """Compte un envoi. Lève `TropDEnvois` au-delà de cinq par heure, pour la personne ou pour l’adresse.

    L’adresse compte qu’elle soit connue ou non : le refus ne dit rien d’elle.
    """
    for cle in (_cle("identite", identifiant_national), _cle("email", email)):
        cache.add(cle, 0, PERIODE_S)
        if cache.incr(cle) > ENVOIS_MAX:
            raise TropDEnvois


def _cle(*morceaux: str) -> str:
    """Une clé de cache ne porte ni adresse ni identifiant en clair."""
    return "premiere-connexion:" + hashlib.sha256("|".join(morceaux).encode()).hexdigest()
