"""La session ouverte : ce qu’il en reste, la prolonger, et l’exercice au titre duquel on agit."""

from __future__ import annotations

from dataclasses import asdict

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comptes import preuve as preuves
from comptes import sessions
from comptes.connexion import chemin_d_ici, page_d_arrivee
from comptes.models import Compte


@never_cache
@require_safe
def etat(request: HttpRequest) -> JsonResponse:
    """Ce qui reste à la session, sans la prolonger : un autre onglet a pu le faire."""
    return _reste(request)


@never_cache
@require_POST
def prolonger(request: HttpRequest) -> JsonResponse:
    """« Rester connecté » : une activité comme une autre, mais demandée."""
    request.session[sessions.VUE_LE] = timezone.now().isoformat()
    return _reste(request)


def _reste(request: HttpRequest) -> JsonResponse:
    assert isinstance(request.user, Compte)  # GardeDesRoutes
    return JsonResponse(asdict(sessions.reste(request, request.user, maintenant=timezone.now())))


@never_cache
@require_safe
def prolongee(request: HttpRequest) -> HttpResponse:
    """Fin d’une nouvelle identification faite dans un autre onglet : le premier a gardé sa recherche."""
    return render(request, "comptes/session_prolongee.html")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def exercice(request: HttpRequest) -> HttpResponse:
    """Choisir, parmi les exercices connus de Pro Santé Connect, celui au titre duquel on agit."""
    assert isinstance(request.user, Compte)  # GardeDesRoutes
    exercices = preuves.exercices(request.session)
    suite = chemin_d_ici(request, request.POST.get("next") or request.GET.get("next"))
    arrivee = suite or page_d_arrivee(request.user)
    if len(exercices) < 2:
        return redirect(arrivee)
    erreur = ""
    if request.method == "POST":
        choix = request.POST.get("exercice", "")
        rangs = {str(rang): rang for rang in range(len(exercices))}
        if choix in rangs:
            request.session[preuves.EXERCICE] = rangs[choix]
            return redirect(arrivee)
        erreur = "Choisissez un exercice."
    contexte = {
        "exercices": exercices,
        "choisi": preuves.exercice_choisi(request.session),
        "suite": suite,
        "erreur": erreur,
    }
    return render(request, "comptes/exercice.html", contexte)
