"""Envoyer une instruction sans attendre sa réponse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def en_vol() -> Iterator[None]:
    """Une instruction jouée dedans ne s’attend qu’à la lecture de ses lignes : PostgreSQL y répond pendant que l’on travaille.

    Ses erreurs se lèvent à cette lecture, ou à la sortie.
    """
    connection.ensure_connection()
    with connection.connection.pipeline():
        yield
