"""État des dépendances, pour la supervision. Ni secret, ni nom de personne ; chaque essai a son délai."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.db import connection
from kombu.exceptions import KombuError

from sas_platform.celery import app as celery_app

DELAI_S = 2
# Âge au-delà duquel l’interrogation de tous les éditeurs actifs est tenue pour arrêtée.
_FLUX = """
    SELECT e.code, extract(epoch FROM %(maintenant)s - max(l.lu_le))
    FROM agenda_editeur e LEFT JOIN agenda_lot l ON l.editeur_id = e.id
    WHERE e.est_actif GROUP BY e.code ORDER BY e.code
"""


def lire(*, maintenant: datetime) -> dict[str, Any]:
    """`statut` vaut « ok » si la base, le courtier et au moins un worker répondent.

    `flux` : secondes depuis la dernière réponse lue de chaque éditeur actif,
    nul s’il n’a jamais répondu. Un éditeur muet ne rend pas la plateforme
    malade : ses créneaux sont montrés avec leur âge, puis périment.
    """
    base, flux = _base(maintenant)
    courtier = _courtier()
    worker = _worker() if courtier == "ok" else "inconnu"
    ok = base == courtier == worker == "ok"
    return {
        "statut": "ok" if ok else "panne",
        "base": base,
        "broker": courtier,
        "worker": worker,
        "flux": flux,
    }


def _base(maintenant: datetime) -> tuple[str, dict[str, int | None]]:
    """Connexion à part, hors de la réserve : une réserve pleine ne fait pas attendre la sonde."""
    try:
        with psycopg.connect(
            **parametres_de_connexion() | {"connect_timeout": DELAI_S}, autocommit=True
        ) as lien:
            lien.execute(f"SET statement_timeout = {DELAI_S * 1000}")
            ages = lien.execute(_FLUX, {"maintenant": maintenant}).fetchall()
    except psycopg.Error:
        return "panne", {}
    return "ok", {code: None if age is None else max(0, int(age)) for code, age in ages}


def parametres_de_connexion() -> dict[str, Any]:
    utiles = ("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert")
    return {cle: valeur for cle, valeur in connection.get_connection_params().items() if cle in utiles}


def _courtier() -> str:
    client = redis.Redis.from_url(
        settings.CELERY_BROKER_URL, socket_timeout=DELAI_S, socket_connect_timeout=DELAI_S
    )
    try:
        client.ping()
    except redis.RedisError:
        return "panne"
    finally:
        client.close()
    return "ok"


def _worker() -> str:
    try:
        reponses = celery_app.control.ping(timeout=0.5, limit=1)
    except (redis.RedisError, KombuError, OSError):
        return "panne"
    return "ok" if reponses else "aucun"
