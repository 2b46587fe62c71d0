"""Jetons de l’API : authentification et portées."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from redis.exceptions import RedisError
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.throttling import BaseThrottle

from comptes import droits
from comptes.demandeur import compte_du_jeton
from comptes.enums import Portee
from comptes.models import Compte, Jeton

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

LONGUEUR_MAX = 200
PERIODE_S = 60


class JetonAuthentication(BaseAuthentication):
    """`Authorization: Bearer …`. Une requête SQL, rôles compris : l’empreinte est cherchée, jamais comparée ici."""

    def authenticate(self, request: Request) -> tuple[Compte, Jeton] | None:
        morceaux = get_authorization_header(request).split()
        if not morceaux or morceaux[0].lower() != b"bearer":
            return None
        if len(morceaux) != 2 or len(morceaux[1]) > LONGUEUR_MAX:
            raise AuthenticationFailed("Jeton malformé.")
        empreinte = Jeton.empreinte_de(morceaux[1].decode("latin-1"))
        lus = compte_du_jeton(empreinte, timezone.now())
        if lus is None:
            raise AuthenticationFailed("Jeton inconnu, expiré ou révoqué.")
        return lus

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class SchemaJeton(OpenApiAuthenticationExtension):
    """Comment le schéma OpenAPI décrit ce jeton."""

    target_class = "comptes.jetons.JetonAuthentication"
    name = "jeton"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class APourPortee(BasePermission):
    """Le rôle de la personne ouvre la route (table des droits), et la portée du jeton couvre la vue (`portee`)."""

    message = "Ce compte ou ce jeton ne permet pas cette action."

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.user, Compte):
            return False
        route: Any = request.resolver_match
        if not droits.peut_ouvrir(request.user, route.view_name):
            return False
        portee = getattr(view, "portee", None)
        return not isinstance(request.auth, Jeton) or portee in request.auth.portees


class DebitDesOutils(BaseThrottle):
    """Appels par minute de chaque jeton d’outil ; une personne n’est pas comptée ici.

    Sans courtier, on laisse passer : la base garde seule ce qui doit l’être.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, Jeton) or Portee.VERSEMENT not in request.auth.portees:
            return True
        cle = f"api:debit:{request.auth.pk}"
        try:
            cache.add(cle, 0, PERIODE_S)
            return bool(cache.incr(cle) <= settings.OUTILS_APPELS_PAR_MINUTE)
        except (RedisError, ValueError):  # ValueError : la période a fini entre les deux appels
            return True

    def wait(self) -> float:
        return PERIODE_S
