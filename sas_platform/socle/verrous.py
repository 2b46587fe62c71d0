"""Verrous consultatifs de PostgreSQL, tenus jusqu’à la fin de la transaction."""

import zlib

from django.db import connection


def prendre_verrou(nom: str) -> bool:
    """Prend le verrou `nom` sans attendre ; faux s’il est déjà tenu. À appeler dans une transaction."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT pg_try_advisory_xact_lock(%s)", [zlib.crc32(nom.encode())])
        (pris,) = curseur.fetchone() or (False,)
    return bool(pris)
