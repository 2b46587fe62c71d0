"""Les calendriers qui disent quand un lieu est occupé : les relier, les relire, les retirer."""

from __future__ import annotations

from django.contrib import messages
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


@never_cache
@require_http_methods(["GET", "POST"])
def du_lieu(request: RequeteDeCompte, lieu_id: int) -> HttpResponse:
    maintenant = timezone.now()
    lieu = lieu_tenu(request, lieu_id, maintenant)
    form = CalendrierForm(request.POST, request.FILES) if request.method == "POST" else CalendrierForm()
    if form.is_bound and form.is_valid():
        try:
            entree.relier(
                lieu=lieu,
                url=form.cleaned_data["url"],
                contenu=form.contenu,
                auteur=request.user,
                maintenant=maintenant,
            )
        except LectureImpossible as refus:
            form.add_error("url" if form.contenu is None else "fichier", str(refus))
        else:
            messages.success(request, "Ce calendrier est relié\u00a0: ses périodes occupées ferment ce lieu.")
            return redirect("echanges:externes", lieu_id=lieu.pk)
    calendriers = CalendrierExterne.objects.filter(lieu=lieu).prefetch_related("periodes").order_by("pk")
    contexte = contexte_du_lieu(lieu) | {
        "form": form,
        "calendriers": calendriers,
        "maintenant": maintenant,
    }
    return render(request, "echanges/externes.html", contexte)


@require_POST
def relire(request: RequeteDeCompte, lieu_id: int, calendrier_id: int) -> HttpResponse:
    maintenant = timezone.now()
    lieu = lieu_tenu(request, lieu_id, maintenant)
    calendrier = get_object_or_404(CalendrierExterne.objects.exclude(url=""), pk=calendrier_id, lieu=lieu)
    if entree.actualiser(calendrier, maintenant=maintenant):
        messages.success(request, "Ce calendrier vient d’être relu.")
    else:
        messages.error(
            request, "Ce calendrier n’a pas pu être relu\u00a0: la raison est indiquée ci-dessous."
        )
    return redirect("echanges:externes", lieu_id=lieu.pk)


@require_POST
def detacher(request: RequeteDeCompte, lieu_id: int, calendrier_id: int) -> HttpResponse:
    maintenant = timezone.now()
    lieu = lieu_tenu(request, lieu_id, maintenant)
    calendrier = get_object_or_404(CalendrierExterne, pk=calendrier_id, lieu=lieu)
    entree.detacher(calendrier=calendrier, auteur=request.user, maintenant=maintenant)
    messages.success(request, "Ce calendrier est retiré\u00a0: il ne cache plus rien.")
    return redirect("echanges:externes", lieu_id=lieu.pk)
