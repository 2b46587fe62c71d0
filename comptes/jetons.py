"""Jetons de l’API : authentification, portées et débit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from csp.constants import HEADER as POLITIQUE
from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import timezone
from django.utils.module_loading import import_string
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.throttling import BaseThrottle

from comptes import droits
from comptes.demandeur import compte_du_jeton
from comptes.enums import Portee
from comptes.models import Compte, Jeton
from sas_platform.socle.debits import DebitParMinute, reste_de_la_minute

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

LONGUEUR_MAX = 200


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


class CheminDesJetons:
    """Une requête de l’API munie d’un jeton va droit à sa vue : ni session, ni page ne la concernent (docs/adr/0020).

    Elle traverse ce qui précède, puis les seuls `MIDDLEWARE_DES_JETONS`. Son droit et sa portée se
    vérifient dans la vue, comme avec une session (`APourPortee`). Qui porte aussi un cookie de session
    prend le chemin de tous.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.aller: Callable[[HttpRequest], Any] = convert_exception_to_response(_repondre)
        for chemin in reversed(settings.MIDDLEWARE_DES_JETONS):
            self.aller = convert_exception_to_response(import_string(chemin)(self.aller))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        route = _route_de_l_api(request)
        if route is None:
            return self.get_response(request)
        request.resolver_match = route
        reponse: HttpResponse = self.aller(request)
        # Ce que rend l’API ne charge rien et ne s’encadre pas.
        reponse.headers[POLITIQUE] = "default-src 'none'; frame-ancestors 'none'"
        return reponse


def _route_de_l_api(request: HttpRequest) -> ResolverMatch | None:
    """Celle que demande qui n’a qu’un jeton, parmi les seules que `GardeDesRoutes` laisse répondre elles-mêmes."""
    a_un_jeton = request.META.get("HTTP_AUTHORIZATION", "")[:7].lower() == "bearer "
    if not a_un_jeton or settings.SESSION_COOKIE_NAME in request.COOKIES:
        return None
    try:
        route = resolve(request.path_info)
    except Resolver404:
        return None
    return route if route.view_name.startswith("api:") else None


def _repondre(request: HttpRequest) -> HttpResponse:
    """Ce que fait Django au bout de ses intergiciels."""
    route: Any = request.resolver_match
    reponse: Any = route.func(request, *route.args, **route.kwargs)
    return reponse.render() if hasattr(reponse, "render") else reponse


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


_par_jeton, _par_compte = DebitParMinute("jetons"), DebitParMinute("comptes")


class DebitDesAppels(BaseThrottle):
    """Appels par minute de chaque jeton, d’une personne ou d’un outil ; avec une session, de chaque compte."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        jeton = request.auth
        if isinstance(jeton, Jeton):
            d_un_outil = Portee.VERSEMENT in jeton.portees
            maximum = settings.OUTILS_APPELS_PAR_MINUTE if d_un_outil else settings.JETONS_APPELS_PAR_MINUTE
            return _par_jeton.admet(jeton.pk, maximum)
        if isinstance(request.user, Compte):
            return _par_compte.admet(request.user.pk, settings.JETONS_APPELS_PAR_MINUTE)
        return True

    def wait(self) -> float:
        return reste_de_la_minute()
