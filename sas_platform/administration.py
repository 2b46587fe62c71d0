"""L’administration de Django, ouverte par Pro Santé Connect seulement."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse


class SiteAdministration(AdminSite):
    site_header = site_title = "Administration du SAS"
    index_title = "Données"
    site_url = "/"

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Pas de mot de passe ici : l’anonyme va se connecter, les autres ne voient rien (404)."""
        if not isinstance(request.user, AnonymousUser):
            raise Http404
        return redirect_to_login(request.GET.get("next") or request.get_full_path())

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """On sort par la page de déconnexion, qui ferme aussi Pro Santé Connect."""
        raise Http404

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        raise Http404

    def password_change_done(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        raise Http404
