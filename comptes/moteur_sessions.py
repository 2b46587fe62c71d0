"""Les sessions de Django, en base, lues par une instruction écrite en SQL.

Chaque page lit la sienne. L’ORM met à composer cette lecture plus de temps que
PostgreSQL à la faire (docs/adr/0020) ; le reste, écriture et signature
comprises, est celui de Django.
"""

from __future__ import annotations

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

_SESSION = """
    SELECT session_key, session_data, expire_date FROM django_session
    WHERE session_key = %(cle)s AND expire_date > %(maintenant)s
"""


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Session | None:
        with connection.cursor() as curseur:
            curseur.execute(_SESSION, {"cle": self.session_key, "maintenant": timezone.now()})
            ligne = curseur.fetchone()
        if ligne is None:
            self._session_key = None
            return None
        return Session(*ligne)
