"""Les messages au Hub Santé, pour le support et l’administrateur : où ils en sont, et pourquoi."""

from __future__ import annotations

import json

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from comptes.actions import tracer
from orientation.domaine.retours_hub import CODES, INCONNU
from orientation.enums import EtatMessageHub
from orientation.hub import lectures
from orientation.hub.actions import RenvoiRefuse
from orientation.hub.actions import renvoyer as renvoyer_message
from orientation.hub.forms import FiltreForm
from orientation.models import MessageHub
from orientation.requetes import RequeteDeCompte

PAR_PAGE = 25
ORPHELINS_MONTRES = 20


@never_cache
@require_safe
def liste(request: RequeteDeCompte) -> HttpResponse:
    filtre = FiltreForm(request.GET)
    page = Paginator(filtre.appliquer(lectures.messages()), PAR_PAGE).get_page(request.GET.get("page"))
    orphelins = lectures.retours_orphelins()
    contexte = {
        "filtre": filtre,
        "page": page,
        "lignes": [(message, lectures.couleur_de(message)) for message in page],
        "orphelins": orphelins[:ORPHELINS_MONTRES],
        "nombre_orphelins": orphelins.count(),
        "hub_ouvert": bool(settings.HUB_URL),
    }
    return render(request, "hub/liste.html", contexte)


@never_cache
@require_safe
def message(request: RequeteDeCompte, message_id: int) -> HttpResponse:
    vu = get_object_or_404(MessageHub.objects.select_related("territoire", "precedent"), pk=message_id)
    contexte = {
        "message": vu,
        "couleur": lectures.couleur_de(vu),
        "journal": [
            (ligne, "" if ligne.code is None else CODES.get(ligne.code, INCONNU).libelle)
            for ligne in vu.journal.order_by("le", "pk")
        ],
        "suivant": vu.suivants.order_by("pk").first(),
        "contenu": json.dumps(vu.contenu, ensure_ascii=False, indent=2) if vu.contenu else "",
        "renvoyable": vu.etat in lectures.RENVOYABLES
        and MessageHub.objects.du_rendez_vous(vu.rendez_vous_uuid).first() == vu,
    }
    tracer(acteur=request.user, verbe="message_hub.lu", objet=f"message_hub:{vu.pk}")
    return render(request, "hub/message.html", contexte)


@require_POST
def renvoyer(request: RequeteDeCompte, message_id: int) -> HttpResponse:
    vise = get_object_or_404(MessageHub, pk=message_id)
    try:
        suivant = renvoyer_message(message=vise, acteur=request.user, maintenant=timezone.now())
    except RenvoiRefuse as refus:
        messages.error(request, str(refus))
        return redirect("hub:message", message_id=vise.pk)
    if suivant.etat == EtatMessageHub.NON_DU:
        messages.warning(request, f"Toujours non transmis : {suivant.get_motif_display()}.")
    else:
        messages.success(request, "Un nouveau message est écrit ; il part aussitôt.")
    return redirect("hub:message", message_id=suivant.pk)
