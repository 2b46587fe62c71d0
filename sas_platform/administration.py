"""L’administration de Django, ouverte par Pro Santé Connect seulement."""

from __future__ import annotations

from functools import wraps
from typing import Any, NoReturn

from django.contrib.admin import AdminSite
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse


class SiteAdministration(AdminSite):
    site_header = site_title = "Administration du SAS"
    index_title = "Données"
    site_url = "/"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Pas de mot de passe ici : l’anonyme va se connecter, les autres ne voient rien (404)."""
        interne = super().admin_view(view, cacheable)

        @wraps(interne)
        def gardee(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return interne(request, *args, **kwargs) if self.has_permission(request) else _refuser(request)

        return gardee

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return _refuser(request)

    # On sort par la page de déconnexion, qui ferme aussi Pro Santé Connect ; il n’y a pas de mot de passe.
    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> NoReturn:
        raise Http404

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> NoReturn:
        raise Http404

    def password_change_done(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> NoReturn:
        raise Http404


def _refuser(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, AnonymousUser):
        return redirect_to_login(request.GET.get("next") or request.get_full_path())
    raise Http404
