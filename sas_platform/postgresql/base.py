"""Le moteur PostgreSQL de Django, qui vérifie une connexion de sa réserve sans aller-retour.

Celui de Django envoie une instruction vide à chaque emprunt, donc à chaque page :
0,2 ms (docs/adr/0020). Une connexion que le serveur a close se lit sur la prise.
"""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        connexion = super().get_new_connection(conn_params)
        while self.pool and _a_ete_close(connexion):
            connexion.close()
            self.pool.putconn(
                connexion
            )  # la réserve en ouvre une autre, ou dit au bout du délai qu’elle ne peut pas
            connexion = super().get_new_connection(conn_params)
        return connexion


def _a_ete_close(connexion: Connection[Any]) -> bool:
    """Le serveur n’écrit rien à qui n’a rien demandé, sinon qu’il s’en va."""
    prise = select.poll()
    prise.register(connexion.fileno(), select.POLLIN)
    return bool(prise.poll(0))
