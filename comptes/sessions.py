"""Durée des sessions : 4 h en tout, 30 min sans activité, comme Pro Santé Connect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from comptes.actions import tracer
from comptes.models import Compte

OUVERTE_LE = "ouverte_le"
VUE_LE = "vue_le"
# La dernière activité n’est réécrite qu’à ce pas : une écriture par minute, pas une par requête.
PAS = timedelta(minutes=1)


def ouvrir(request: HttpRequest) -> None:
    maintenant = timezone.now().isoformat()
    request.session[OUVERTE_LE] = maintenant
    request.session[VUE_LE] = maintenant


def est_perimee(*, ouverte_le: datetime, vue_le: datetime, maintenant: datetime) -> bool:
    totale = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    inactive = timedelta(seconds=settings.SESSION_INACTIVITE_S)
    return maintenant - ouverte_le >= totale or maintenant - vue_le >= inactive


class DureeDeSession:
    """Ferme les sessions périmées, avant `GardeDesRoutes`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Sans cookie il n’y a pas de session : la sonde et les pages publiques ne touchent pas la base.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and isinstance(request.user, Compte):
            self._tenir(request, request.user, timezone.now())
        return self.get_response(request)

    @staticmethod
    def _tenir(request: HttpRequest, compte: Compte, maintenant: datetime) -> None:
        ouverte_le = datetime.fromisoformat(request.session.setdefault(OUVERTE_LE, maintenant.isoformat()))
        vue_le = datetime.fromisoformat(request.session.setdefault(VUE_LE, maintenant.isoformat()))
        if est_perimee(ouverte_le=ouverte_le, vue_le=vue_le, maintenant=maintenant):
            auth.logout(request)
            messages.info(request, "Votre session a expiré. Identifiez-vous de nouveau pour continuer.")
            tracer(acteur=compte, verbe="deconnexion", objet=f"compte:{compte.pk}", motif="session expirée")
        elif maintenant - vue_le >= PAS:
            request.session[VUE_LE] = maintenant.isoformat()
