"""Les contestations, vues de la caisse : lire, répondre, clore."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comptes.actions import tracer_lecture
from comptes.enums import Action
from comptes.requetes import RequeteDeCompte
from remuneration import contestations as fils
from remuneration.caisse import lectures
from remuneration.caisse.forms import ClotureForm, ReponseForm
from remuneration.enums import EtatContestation
from remuneration.espace.rendu import du_decompte
from remuneration.models import Contestation

PAR_PAGE = 25
RELECTURE = timedelta(hours=1)


def _siennes(request: RequeteDeCompte, action: Action) -> QuerySet[Contestation]:
    departements = lectures.departements_de(request.user, action, instant=timezone.now())
    return lectures.contestations_de(departements)


@never_cache
@require_safe
def liste(request: RequeteDeCompte) -> HttpResponse:
    siennes = _siennes(request, Action.SUIVRE_CAISSE)
    page = Paginator(siennes, PAR_PAGE).get_page(request.GET.get("page"))
    en_attente = siennes.filter(etat=EtatContestation.OUVERTE).count()
    return render(request, "caisse/contestations.html", {"page": page, "en_attente": en_attente})


@never_cache
@require_http_methods(["GET", "POST"])
def contestation(request: RequeteDeCompte, contestation_id: int) -> HttpResponse:
    maintenant = timezone.now()
    action = Action.VALIDER_EXPORTS if request.method == "POST" else Action.SUIVRE_CAISSE
    vue = get_object_or_404(_siennes(request, action), pk=contestation_id)
    form = ReponseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        texte = form.cleaned_data["texte"]
        try:
            fils.ecrire(vue, texte=texte, par=request.user, de_la_caisse=True, maintenant=maintenant)
        except fils.ContestationRefusee as refus:
            form.add_error(None, f"{refus} Votre réponse n’est pas partie\u00a0; elle est gardée ci-dessous.")
            vue.refresh_from_db(fields=["etat"])
            return _montrer(request, vue, reponse=form, status=409)
        messages.success(request, "Votre réponse est envoyée. Le bénéficiaire en est prévenu par courriel.")
        return redirect("caisse:contestation", contestation_id=vue.pk)
    depuis = maintenant - RELECTURE
    tracer_lecture(
        acteur=request.user, verbe="contestation.lue", objet=f"contestation:{vue.pk}", depuis=depuis
    )
    return _montrer(request, vue, reponse=form)


@never_cache
@require_POST
def clore(request: RequeteDeCompte, contestation_id: int) -> HttpResponse:
    vue = get_object_or_404(_siennes(request, Action.VALIDER_EXPORTS), pk=contestation_id)
    form = ClotureForm(request.POST, prefix="cloture")
    if not form.is_valid():
        return _montrer(request, vue, cloture=form)
    try:
        fils.clore(
            vue,
            par=request.user,
            de_la_caisse=True,
            texte=form.cleaned_data["texte"],
            maintenant=timezone.now(),
        )
        messages.success(request, "La contestation est close. Le bénéficiaire en est prévenu par courriel.")
    except fils.ContestationRefusee as refus:
        messages.info(request, str(refus))
    return redirect("caisse:contestation", contestation_id=vue.pk)


def _montrer(
    request: RequeteDeCompte,
    vue: Contestation,
    *,
    reponse: ReponseForm | None = None,
    cloture: ClotureForm | None = None,
    status: int = 200,
) -> HttpResponse:
    contexte = {
        "contestation": vue,
        "beneficiaire": vue.effecteur or vue.structure,
        "fil": vue.messages.select_related("auteur").order_by("le", "pk"),
        "prestations": [du_decompte(decompte) for decompte in lectures.decomptes_contestes(vue)],
        "est_close": vue.etat == EtatContestation.CLOSE,
        "peut_repondre": _siennes(request, Action.VALIDER_EXPORTS).filter(pk=vue.pk).exists(),
        "reponse": reponse or ReponseForm(),
        "cloture": cloture or ClotureForm(prefix="cloture"),
    }
    return render(request, "caisse/contestation.html", contexte, status=status)
