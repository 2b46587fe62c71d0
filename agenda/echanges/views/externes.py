"""Les calendriers qui disent quand un lieu est occupé : les relier, les relire, les retirer."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agenda.echanges import entree
from agenda.echanges.forms import CalendrierForm
from agenda.echanges.telechargement import LectureImpossible
from agenda.models import CalendrierExterne
from agenda.pages.acces import contexte_du_lieu, lieu_tenu
from comptes.requetes import RequeteDeCompte

RELIE = "Ce calendrier est relié\u00a0: ses périodes occupées ferment ce lieu."
LECTURE_DEMANDEE = "Ce calendrier est en cours de lecture\u00a0: le résultat se lira ci-dessous."


@never_cache
@require_http_methods(["GET", "POST"])
def du_lieu(request: RequeteDeCompte, lieu_id: int) -> HttpResponse:
    maintenant = timezone.now()
    lieu = lieu_tenu(request, lieu_id, maintenant)
    form = CalendrierForm(request.POST, request.FILES) if request.method == "POST" else CalendrierForm()
    if form.is_bound and form.is_valid():
        try:
            calendrier = entree.relier(
                lieu=lieu,
                url=form.cleaned_data["url"],
                contenu=form.contenu,
                auteur=request.user,
                maintenant=maintenant,
            )
        except LectureImpossible as refus:
            form.add_error("url" if form.contenu is None else "fichier", str(refus))
        else:
            messages.success(request, LECTURE_DEMANDEE if calendrier.url else RELIE)
            return redirect("echanges:externes", lieu_id=lieu.pk)
    a_venir = Count("periodes", filter=Q(periodes__fin__gt=maintenant))
    calendriers = CalendrierExterne.objects.filter(lieu=lieu).annotate(a_venir=a_venir).order_by("pk")
    contexte = contexte_du_lieu(request, lieu) | {
        "form": form,
        "calendriers": calendriers,
        "en_lecture": any(calendrier.est_en_lecture for calendrier in calendriers),
        "maintenant": maintenant,
    }
    return render(request, "echanges/externes.html", contexte)


@require_POST
def relire(request: RequeteDeCompte, lieu_id: int, calendrier_id: int) -> HttpResponse:
    maintenant = timezone.now()
    lieu = lieu_tenu(request, lieu_id, maintenant)
    calendrier = get_object_or_404(CalendrierExterne.objects.exclude(url=""), pk=calendrier_id, lieu=lieu)
    entree.demander_la_lecture(calendrier, maintenant=maintenant)
    messages.success(request, LECTURE_DEMANDEE)
    return redirect("echanges:externes", lieu_id=lieu.pk)


@require_POST
def detacher(request: RequeteDeCompte, lieu_id: int, calendrier_id: int) -> HttpResponse:
    maintenant = timezone.now()
    lieu = lieu_tenu(request, lieu_id, maintenant)
    calendrier = get_object_or_404(CalendrierExterne, pk=calendrier_id, lieu=lieu)
    entree.detacher(calendrier=calendrier, auteur=request.user, maintenant=maintenant)
    messages.success(request, "Ce calendrier est retiré\u00a0: il ne cache plus rien.")
    return redirect("echanges:externes", lieu_id=lieu.pk)
