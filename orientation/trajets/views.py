"""Temps de trajet des cartes d’une page, en JSON : la page les ajoute quand ils arrivent."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from orientation import carnet
from orientation.requetes import RequeteDeCompte
from orientation.trajets.forms import LieuxForm
from orientation.trajets.lectures import trajets


@require_safe
@never_cache
def durees(request: RequeteDeCompte, jeton: str) -> HttpResponse:
    """204 : recherche oubliée, ou rien à dire."""
    recherche = carnet.retrouver(request.session, jeton)
    form = LieuxForm(request.GET)
    if recherche is None or not form.is_valid():
        return HttpResponse(status=204)
    lus = trajets(recherche.lieu_trouve, form.cleaned_data["lieux"], maintenant=timezone.now())
    return JsonResponse({"trajets": lus.textes, "a_preciser": lus.a_preciser})
