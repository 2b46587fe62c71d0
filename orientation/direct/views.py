"""Les cartes d’une page de résultats, tenues à jour : par un flux d’événements, ou à la demande."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from comptes.droits import peut
from comptes.enums import Action
from orientation import carnet
from orientation.direct.flux import PLACES, Flux
from orientation.direct.forms import VuForm
from orientation.direct.suivi import Suivi
from orientation.requetes import RequeteDeCompte
from orientation.views.resultats import CARTES_PAR_PAGE


@require_safe
@never_cache
def flux(request: RequeteDeCompte, jeton: str) -> HttpResponseBase:
    """204 : rien à suivre, le navigateur n’insiste pas. 503 : trop de flux, la page demandera à son pas."""
    suivi = _suivi(request, jeton)
    if suivi is None:
        return HttpResponse(status=204)
    if not PLACES.prendre():
        return HttpResponse(status=503, headers={"Retry-After": str(settings.DIRECT_PAUSE_S)})
    # `X-Accel-Buffering` : le mandataire transmet chaque événement sans attendre la fin.
    return StreamingHttpResponse(
        Flux(suivi), content_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


@require_safe
@never_cache
def maintenant(request: RequeteDeCompte, jeton: str) -> HttpResponse:
    """La même chose, une fois : pour qui n’a pas le flux."""
    suivi = _suivi(request, jeton)
    if suivi is None:
        return HttpResponse(status=204)
    instant = timezone.now()
    return JsonResponse(
        {"cartes": suivi.changees(instant), "pause_s": settings.DIRECT_PAUSE_S} | suivi.bilan(instant)
    )


def _suivi(request: RequeteDeCompte, jeton: str) -> Suivi | None:
    recherche = carnet.retrouver(request.session, jeton)
    form = VuForm(request.GET)
    if recherche is None or not form.is_valid():
        return None
    return Suivi(
        recherche=recherche,
        jeton=jeton,
        page=form.cleaned_data["page"],
        par_page=CARTES_PAR_PAGE,
        vus=form.cleaned_data["vu"],
        oriente=peut(request.user, Action.ORIENTER),
        oriente_en_sus=peut(request.user, Action.ORIENTER_EN_SUS),
        compte=request.user,
    )
