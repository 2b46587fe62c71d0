"""Chercher une offre de soins : le formulaire et ses suggestions."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from orientation import carnet
from orientation.forms import RechercheForm
from orientation.lrm import saisies
from orientation.requetes import RequeteDeCompte
from orientation.suggestions import suggestions_de_lieux, suggestions_de_quoi


@require_http_methods(["GET", "POST"])
@never_cache
def recherche(request: RequeteDeCompte) -> HttpResponse:
    saisie = None
    if request.method == "POST":
        form = RechercheForm(request.POST)
        if form.is_valid():
            return redirect("orientation:resultats", jeton=carnet.garder(request.session, form.recherche()))
    else:
        # Un logiciel de régulation n’a pas tout transmis : le formulaire demande le reste.
        saisie = saisies.retrouver(request.session, request.GET.get("lrm", ""))
        precedente = carnet.retrouver(request.session, request.GET.get("recherche", ""))
        form = (
            saisie.formulaire()
            if saisie
            else RechercheForm(initial=RechercheForm.reprendre(precedente) if precedente else None)
        )
    return render(request, "orientation/recherche.html", {"form": form, "lrm": saisie})


@require_POST
@never_cache
def suggestions_quoi(request: RequeteDeCompte) -> HttpResponse:
    groupes = suggestions_de_quoi(request.POST.get("texte", ""), carnet.derniers_quoi(request.session))
    return render(request, "orientation/_suggestions.html", {"groupes": groupes})


@require_POST
@never_cache
def suggestions_ou(request: RequeteDeCompte) -> HttpResponse:
    groupes = suggestions_de_lieux(request.POST.get("texte", ""))
    return render(request, "orientation/_suggestions.html", {"groupes": groupes})
