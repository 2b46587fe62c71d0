"""Où en est sa participation : ce qu’elle ouvre comme droits, ce qui manque, ce que le trimestre en cours vaut déjà."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from comptes.requetes import RequeteDeCompte
from remuneration.espace.acces import beneficiaires_de


@never_cache
@require_safe
def accueil(request: RequeteDeCompte) -> HttpResponse:
    siens = beneficiaires_de(request.user, maintenant=timezone.now())
    if not siens:
        return render(request, "ma_participation/aucun.html")
    return redirect("ma_participation:participation", qui=siens[0].cle)
