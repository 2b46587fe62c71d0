"""« Chez les éditeurs » : ce qu’ils savent d’un compte de régulateur, pour le support et l’administrateur."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from agenda.models import CopieRegulateur
from agenda.regulateurs import actions, lectures
from comptes.actions import tracer_lecture
from comptes.models import Compte


@never_cache
@require_safe
def compte(request: HttpRequest, compte_id: int) -> HttpResponse:
    assert isinstance(request.user, Compte)  # `GardeDesRoutes` n’ouvre cette page qu’à un compte
    vu = get_object_or_404(Compte, pk=compte_id)
    tracer_lecture(acteur=request.user, verbe="compte.lu", objet=f"compte:{vu.pk}")
    return render(request, "regulateurs/compte.html", {"compte": vu, "lignes": lectures.du_compte(vu)})


@require_POST
def renvoyer(request: HttpRequest, compte_id: int, copie_id: int) -> HttpResponse:
    assert isinstance(request.user, Compte)
    copie = get_object_or_404(CopieRegulateur, pk=copie_id, compte=compte_id)
    try:
        actions.renvoyer(copie=copie, acteur=request.user, maintenant=timezone.now())
    except actions.RenvoiRefuse as refus:
        messages.error(request, str(refus))
    else:
        messages.success(request, "L’envoi est refait\u00a0; il part aussitôt.")
    return redirect("regulateurs:compte", compte_id=compte_id)
