"""Relire un Bundle à l’écran : ni gardé, ni journalisé. Le jugement est celui de `manage.py lire_bundle`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from agenda.editeurs.relecture import EntreeRelue, Relecture, relire
from agenda.models import Editeur
from agenda.qualite.forms import LecteurForm
from agenda.qualite.televersement import EnMemoire
from comptes.requetes import RequeteDeCompte
from sas_platform.socle.debits import depasse

LECTURES_PAR_MINUTE = 10
ENTREES_MONTREES = 300
Vue = Callable[..., HttpResponse]


def sans_disque(vue: Vue) -> Vue:
    """Le fichier reçu reste en mémoire ; le jeton CSRF, lui, n’est vérifié qu’une fois ce choix fait."""
    protegee = csrf_protect(vue)

    @csrf_exempt
    @wraps(vue)
    def recue(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.upload_handlers = [EnMemoire(request)]
        return protegee(request, *args, **kwargs)

    return recue


@sans_disque
@never_cache
@require_http_methods(["GET", "POST"])
def lire(request: RequeteDeCompte) -> HttpResponse:
    return repondre(request, origine=f"compte {request.user.pk}", contexte={})


def repondre(
    request: HttpRequest, *, origine: str, contexte: dict[str, Any], editeur: Editeur | None = None
) -> HttpResponse:
    """Le formulaire, ou ce qu’on lirait du Bundle ; les liens, chez un éditeur connu, sont jugés sur ses hôtes."""
    if request.method == "POST" and depasse("lecteur", origine, LECTURES_PAR_MINUTE, periode_s=60):
        return render(request, "429.html", status=429)
    form = LecteurForm(request.POST, request.FILES) if request.method == "POST" else LecteurForm()
    contexte |= {"form": form, "relecture": None}
    if form.is_bound and form.is_valid():
        lue = relire(
            form.octets,
            cas=form.le_cas(),
            maintenant=form.cleaned_data["maintenant"] or timezone.now(),
            demandes=form.cleaned_data["demandes"],
            hotes=frozenset(editeur.hotes_reservation) if editeur else None,
        )
        contexte |= {"relecture": lue, "entrees": a_montrer(lue), "montrees": ENTREES_MONTREES}
    return render(request, "qualite/lecteur.html", contexte)


def a_montrer(lue: Relecture) -> list[EntreeRelue]:
    """Toutes, dans l’ordre du Bundle ; d’abord les écartées, s’il y en a trop pour une page."""
    if len(lue.entrees) <= ENTREES_MONTREES:
        return lue.entrees
    return sorted(lue.entrees, key=lambda entree: (entree.motif is None, entree.rang))[:ENTREES_MONTREES]
