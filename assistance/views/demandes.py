"""Écrire une demande et la suivre, avec ou sans compte."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from assistance.actions import clore, deposer, ecrire_au_support, secret_de_suivi
from assistance.enums import Profil
from assistance.forms import ContactForm, MessageForm, ProfilForm
from assistance.limites import depasse
from assistance.models import Ticket
from assistance.views.personne import compte_connu, compte_de
from comptes.models import Compte
from comptes.models.acces import empreinte_de

TROP = "Trop de demandes ont été envoyées d’ici. Réessayez dans une heure, ou par le lien d’une demande déjà envoyée."


@never_cache
@require_http_methods(["GET", "POST"])
def contact(request: HttpRequest) -> HttpResponse:
    compte = compte_de(request)
    choix = ProfilForm(request.GET) if "profil" in request.GET else ProfilForm()
    if not (compte and compte.roles) and not choix.is_valid():
        return render(request, "assistance/profil.html", {"form": choix})
    profil = Profil(choix.cleaned_data["profil"]) if choix.is_valid() else Profil.ANONYME
    maintenant = timezone.now()
    form = ContactForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        compte=compte,
        profil=profil,
        instant=maintenant,
    )
    if form.is_valid():
        if compte is None and _trop(request, form.cleaned_data["email"]):
            form.add_error(None, TROP)
            return render(request, "assistance/contact.html", {"form": form}, status=429)
        ticket = deposer(
            form.ticket(),
            fichiers=form.cleaned_data["fichiers"],
            auteur=compte,
            maintenant=maintenant,
        )
        messages.success(request, f"Votre demande {ticket.numero} est envoyée. Un courriel vous le confirme.")
        if compte:
            return redirect("assistance:demande", numero=ticket.numero)
        return redirect("assistance:suivi", secret=secret_de_suivi(ticket))
    if not form.non_field_errors():
        form.set_autofocus_on_first_error()
    return render(request, "assistance/contact.html", {"form": form})


def _trop(request: HttpRequest, email: str) -> bool:
    """Les deux comptes montent toujours : ni la plateforme ni la boîte d’un tiers n’est inondée."""
    ip = get_adapter().get_client_ip(request)  # derrière le mandataire, celle du visiteur
    return any(
        [
            depasse(f"ip {ip}", settings.ASSISTANCE_DEMANDES_PAR_IP),
            depasse(f"courriel {email.lower()}", settings.ASSISTANCE_DEMANDES_PAR_COURRIEL),
        ]
    )


@never_cache
@require_safe
def demandes(request: HttpRequest) -> HttpResponse:
    tickets = Ticket.objects.visibles_par(compte_connu(request)).pour_liste()
    return render(request, "assistance/demandes.html", {"tickets": tickets})


@never_cache
@require_http_methods(["GET", "POST"])
def demande(request: HttpRequest, numero: str) -> HttpResponse:
    compte = compte_connu(request)
    ticket = get_object_or_404(Ticket.objects.visibles_par(compte).pour_liste(), numero=numero)
    return _suivre(request, ticket, compte)


@never_cache
@require_http_methods(["GET", "POST"])
def suivi(request: HttpRequest, secret: str) -> HttpResponse:
    """Une personne sans compte suit sa demande par le lien secret qu’elle a reçu."""
    tickets = Ticket.objects.filter(auteur=None).pour_liste()
    ticket = get_object_or_404(tickets, empreinte_suivi=empreinte_de(secret))
    return _suivre(request, ticket, None, secret=secret)


def _suivre(request: HttpRequest, ticket: Ticket, compte: Compte | None, *, secret: str = "") -> HttpResponse:
    form = MessageForm(request.POST or None)
    if request.method == "POST":
        if "clore" in request.POST:
            clore(ticket, acteur=compte, maintenant=timezone.now())
            messages.success(request, "La demande est close. Un nouveau message la rouvrira.")
            return redirect(request.path)
        if form.is_valid():
            ecrire_au_support(
                ticket, texte=form.cleaned_data["texte"], auteur=compte, maintenant=timezone.now()
            )
            messages.success(request, "Votre message est envoyé.")
            return redirect(request.path)
    contexte = {
        "ticket": ticket,
        "echanges": ticket.echanges.filter(est_interne=False).select_related("auteur").order_by("le", "pk"),
        "pieces": ticket.pieces.order_by("pk"),
        "form": form,
        "secret": secret,
    }
    return render(request, "assistance/demande.html", contexte)
