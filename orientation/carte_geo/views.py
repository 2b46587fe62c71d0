"""Les épingles d’une recherche, et la recherche relancée depuis la carte."""

from __future__ import annotations

from dataclasses import asdict

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from orientation import carnet
from orientation.carte_geo.forms import RelanceForm
from orientation.carte_geo.lectures import ETATS, points
from orientation.requetes import RequeteDeCompte
from orientation.suggestions import en_donnees
from orientation.views.resultats import CARTES_PAR_PAGE


@require_safe
@never_cache
def epingles(request: RequeteDeCompte, jeton: str) -> HttpResponse:
    """204 : recherche oubliée."""
    recherche = carnet.retrouver(request.session, jeton)
    if recherche is None:
        return HttpResponse(status=204)
    lus, total = points(recherche, maintenant=timezone.now(), par_page=CARTES_PAR_PAGE)
    return JsonResponse(
        {
            "centre": [recherche.lieu["lat"], recherche.lieu["lon"]],
            "centre_libelle": recherche.lieu["libelle"],
            "rayon_km": recherche.rayon_km,
            "points": [asdict(point) for point in lus],
            "total": total,
            "etats": ETATS,
            "tuiles": settings.CARTE_TUILES_URL,
            "mention": settings.CARTE_TUILES_MENTION,
        }
    )


@require_POST
@never_cache
def relancer(request: RequeteDeCompte, jeton: str) -> HttpResponse:
    """La même recherche, autour du centre de la carte ; les coordonnées restent dans la session."""
    recherche = carnet.retrouver(request.session, jeton)
    if recherche is None:
        messages.info(request, "Cette recherche n’est plus disponible. Lancez-la de nouveau.")
        return redirect("orientation:recherche")
    form = RelanceForm(request.POST)
    if form.is_valid():
        ailleurs = recherche.avec(
            lieu=en_donnees(form.cleaned_data["lieu"]), rayon_km=form.cleaned_data["rayon_km"]
        )
        jeton = carnet.garder(request.session, ailleurs)
    else:
        messages.error(request, "Cette zone ne peut pas être recherchée : elle est hors de France.")
    return redirect("orientation:resultats", jeton=jeton)
