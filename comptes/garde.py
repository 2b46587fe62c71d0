"""La porte de toutes les pages : applique `comptes.droits.ROUTES`."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase

from comptes.droits import peut_ouvrir

_LECTURES = ("GET", "HEAD", "OPTIONS")


class GardeDesRoutes(LoginRequiredMiddleware):
    """L’anonyme va se connecter, et ce qu’on ne peut ouvrir n’existe pas (404).

    L’API répond elle-même, par 401 ou 403 (`comptes.jetons.APourPortee`).
    """

    def process_view(
        self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        route = request.resolver_match.view_name if request.resolver_match else ""
        if route.startswith("api:") or peut_ouvrir(request.user, route):
            return None
        if not isinstance(request.user, AnonymousUser):
            raise Http404
        if request.method in _LECTURES:
            return self.handle_no_permission(request, view_func)
        return _reprendre(request)


def _reprendre(request: HttpRequest) -> HttpResponseBase:
    """Un envoi parti après la fin de la session : une fois identifiée, la personne retrouve la page d’où il partait.

    L’adresse de l’envoi, elle, ne s’ouvre souvent pas : « +1 place ce soir » n’a pas de page.
    """
    # Ce qu’un script envoie de lui-même n’est pas une saisie perdue.
    if request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate":
        messages.warning(
            request, "Votre dernier envoi n’est pas enregistré : identifiez-vous, puis recommencez."
        )
    depuis = urlsplit(request.headers.get("Referer", ""))
    ici = depuis.netloc == request.get_host()
    return redirect_to_login(depuis._replace(scheme="", netloc="").geturl() if ici else "")
