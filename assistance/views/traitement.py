"""Traiter les demandes : les lire, les prendre, y répondre, les envoyer ailleurs, les clore."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from assistance.actions import (
    DejaSuivie,
    DemandeClose,
    PersonnePourTraiter,
    clore,
    noter,
    prendre,
    reaffecter,
    repondre,
    rouvrir,
)
from assistance.enums import Destination
from assistance.forms import FiltreForm, ReaffectationForm, ReponseForm
from assistance.models import Ticket
from assistance.views.personne import compte_connu
from comptes.actions import tracer
from comptes.models import Compte

PAR_PAGE = 25


@never_cache
@require_safe
def traitement(request: HttpRequest) -> HttpResponse:
    compte = compte_connu(request)
    tickets = Ticket.objects.modifiables_par(compte, instant=timezone.now())
    filtre = FiltreForm(request.GET, tickets=tickets, compte=compte)
    page = Paginator(filtre.appliquer(), PAR_PAGE).get_page(request.GET.get("page"))
    return render(request, "assistance/traitement.html", {"filtre": filtre, "page": page})


@never_cache
@require_safe
def traiter(request: HttpRequest, numero: str) -> HttpResponse:
    compte = compte_connu(request)
    ticket = _a_traiter(compte, numero, timezone.now())
    tracer(acteur=compte, verbe="demande.lue", objet=f"demande:{ticket.pk}")
    return _page(request, ticket)


@never_cache
@require_POST
def geste(request: HttpRequest, numero: str, geste: str) -> HttpResponse:
    """Un geste par adresse. Ce qui ne peut plus se faire se dit, et rien de saisi ne se perd."""
    compte, maintenant = compte_connu(request), timezone.now()
    ticket = _a_traiter(compte, numero, maintenant)
    accomplir = GESTES.get(geste)
    if accomplir is None:
        raise Http404
    try:
        refus = accomplir(request, ticket, compte, maintenant)
    except (DejaSuivie, DemandeClose) as trop_tard:
        messages.error(request, str(trop_tard))
        form = ReponseForm(request.POST) if geste == "repondre" else None
        return _page(request, ticket, reponse=form, status=409)
    if refus is not None:
        return refus
    if not Ticket.objects.modifiables_par(compte, instant=maintenant).filter(pk=ticket.pk).exists():
        return redirect("assistance:traitement")
    return redirect("assistance:traiter", numero=numero)


def _a_traiter(compte: Compte, numero: str, maintenant: datetime) -> Ticket:
    tickets = Ticket.objects.modifiables_par(compte, instant=maintenant).pour_liste()
    return get_object_or_404(tickets, numero=numero)


def _page(
    request: HttpRequest,
    ticket: Ticket,
    *,
    reponse: ReponseForm | None = None,
    reaffectation: ReaffectationForm | None = None,
    status: int = 200,
) -> HttpResponse:
    ici = {"destination": ticket.destination, "territoire": ticket.territoire_id}
    contexte = {
        "ticket": ticket,
        "echanges": ticket.echanges.select_related("auteur").order_by("le", "pk"),
        "pieces": ticket.pieces.order_by("pk"),
        "reponse": reponse or ReponseForm(),
        "reaffectation": reaffectation or ReaffectationForm(initial=ici),
    }
    return render(request, "assistance/traiter.html", contexte, status=status)


def _prendre(request: HttpRequest, ticket: Ticket, compte: Compte, maintenant: datetime) -> None:
    prendre(ticket, acteur=compte, maintenant=maintenant)
    messages.success(request, "Vous suivez cette demande.")


def _repondre(
    request: HttpRequest, ticket: Ticket, compte: Compte, maintenant: datetime
) -> HttpResponse | None:
    form = ReponseForm(request.POST)
    if not form.is_valid():
        return _page(request, ticket, reponse=form)
    texte = form.cleaned_data["texte"]
    if form.cleaned_data["est_interne"]:
        noter(ticket, texte=texte, acteur=compte, maintenant=maintenant)
        messages.success(request, "La note est enregistrée.")
    else:
        repondre(ticket, texte=texte, acteur=compte, maintenant=maintenant)
        messages.success(request, "La réponse est envoyée au demandeur.")
    return None


def _reaffecter(
    request: HttpRequest, ticket: Ticket, compte: Compte, maintenant: datetime
) -> HttpResponse | None:
    form = ReaffectationForm(request.POST)
    if not form.is_valid():
        return _page(request, ticket, reaffectation=form)
    destination = Destination(form.cleaned_data["destination"])
    try:
        reaffecter(
            ticket,
            destination=destination,
            territoire=form.cleaned_data["territoire"],
            acteur=compte,
            maintenant=maintenant,
        )
    except PersonnePourTraiter as refus:
        form.add_error("territoire", str(refus))
        return _page(request, ticket, reaffectation=form)
    messages.success(request, f"La demande {ticket.numero} est transmise : {destination.label.lower()}.")
    return None


def _clore(request: HttpRequest, ticket: Ticket, compte: Compte, maintenant: datetime) -> None:
    clore(ticket, acteur=compte, maintenant=maintenant)
    messages.success(request, "La demande est close.")


def _rouvrir(request: HttpRequest, ticket: Ticket, compte: Compte, maintenant: datetime) -> None:
    rouvrir(ticket, acteur=compte, maintenant=maintenant)
    messages.success(request, "La demande est rouverte.")


Geste = Callable[[HttpRequest, Ticket, Compte, datetime], HttpResponse | None]
GESTES: dict[str, Geste] = {
    "prendre": _prendre,
    "repondre": _repondre,
    "reaffecter": _reaffecter,
    "clore": _clore,
    "rouvrir": _rouvrir,
}
