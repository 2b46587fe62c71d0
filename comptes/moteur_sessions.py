"""Les sessions de Django, en base, lues avec leur compte par une instruction écrite en SQL.

Chaque page lit la sienne, puis qui demande : ensemble, c’est un aller-retour
de moins (docs/adr/0020). Le reste, écriture et signature comprises, est celui
de Django. Le compte écrit à côté de la session n’est qu’une avance : qui
demande, seules les données signées le disent.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.middleware import AuthenticationMiddleware, get_user
from django.contrib.sessions.backends import db
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from comptes.demandeur import lire_session
from comptes.models import Compte, Session


class SessionStore(db.SessionStore):
    _compte: Compte | None = None
    _cle_lue: str | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        session = super().create_model_instance(data)
        assert isinstance(session, Session)
        session.compte_id = data.get(SESSION_KEY)
        return session

    def load(self) -> dict[str, Any]:
        lue = lire_session(self.session_key, timezone.now())
        if lue is None:
            self._session_key = None
            return {}
        donnees, self._compte = lue
        self._cle_lue = self.session_key
        return self.decode(donnees)

    def compte_reconnu(self) -> Compte | None:
        """Le compte lu avec la session, si tout ce que vérifie `django.contrib.auth.get_user` dit que c’est lui.

        Rien au moindre doute : Django lit alors lui-même, et lui seul refuse. Une
        clé qui a changé depuis (connexion, déconnexion, renouvellement) en est un.
        """
        numero = self.get(SESSION_KEY)  # lit la session, si elle ne l’est pas encore
        compte = self._compte
        if (
            compte is not None
            and numero == str(compte.pk)
            and self.session_key == self._cle_lue
            and self.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
            and constant_time_compare(self.get(HASH_SESSION_KEY, ""), compte.get_session_auth_hash())
        ):
            return compte
        return None


class CompteDeSession(AuthenticationMiddleware):
    """Celui de Django, à qui la session a pu déjà donner le compte."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _demandeur(request))  # type: ignore[assignment]


def _demandeur(request: Any) -> Any:
    if not hasattr(request, "_cached_user") and (compte := request.session.compte_reconnu()):
        request._cached_user = compte
    return get_user(request)
