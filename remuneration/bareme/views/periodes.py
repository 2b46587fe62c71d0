"""Les périodes : les ouvrir, les calculer, les clore, les rectifier. Une période close garde ses règles."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comptes.requetes import RequeteDeCompte
from remuneration import calcul as calculs
from remuneration.bareme.actions import PeriodeRefusee, lancer, ouvrir_une_periode
from remuneration.bareme.forms import ConfirmationForm, MotifForm, PeriodeForm
from remuneration.bareme.lectures import versions_de
from remuneration.enums import Etape
from remuneration.models import Calcul, Periode


@never_cache
@require_http_methods(["GET", "POST"])
def periodes(request: RequeteDeCompte) -> HttpResponse:
    form = PeriodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            ouverte = ouvrir_une_periode(form.cleaned_data["code"], par=request.user)
        except PeriodeRefusee as refus:
            form.add_error("code", str(refus))
        else:
            return redirect("bareme:periode", code=ouverte.periode.code)
    toutes = Periode.objects.prefetch_related("calculs").order_by("-debut", "-code")
    return render(request, "bareme/periodes.html", {"periodes": toutes, "form": form})


@never_cache
@require_safe
def periode(request: RequeteDeCompte, code: str) -> HttpResponse:
    return _montrer(request, get_object_or_404(Periode, code=code))


@never_cache
@require_POST
def calculer(request: RequeteDeCompte, code: str) -> HttpResponse:
    vue = get_object_or_404(Periode, code=code)
    try:
        lancer(_ouvert(vue), par=request.user)
        messages.success(request, "Le calcul est lancé\u00a0: rechargez cette page pour voir où il en est.")
    except PeriodeRefusee as refus:
        messages.error(request, str(refus))
    return redirect("bareme:periode", code=vue.code)


@never_cache
@require_POST
def clore(request: RequeteDeCompte, code: str) -> HttpResponse:
    vue = get_object_or_404(Periode, code=code)
    form = ConfirmationForm(request.POST, prefix="cloture")
    if not form.is_valid():
        return _montrer(request, vue, cloture=form)
    calcul = _ouvert(vue)
    try:
        if calcul is None:
            raise calculs.CalculClos
        calculs.clore(calcul, par=request.user, maintenant=timezone.now())
        messages.success(request, "Les comptes sont arrêtés. Les caisses peuvent produire leurs fichiers.")
    except (calculs.CalculClos, calculs.CalculEnCours, calculs.ClotureRefusee) as refus:
        messages.error(request, str(refus))
    return redirect("bareme:periode", code=vue.code)


@never_cache
@require_POST
def rectifier(request: RequeteDeCompte, code: str) -> HttpResponse:
    vue = get_object_or_404(Periode, code=code)
    form = MotifForm(request.POST, prefix="rectificatif")
    if not form.is_valid():
        return _montrer(request, vue, rectificatif=form)
    try:
        calculs.rectifier(vue, motif=form.cleaned_data["motif"], par=request.user, maintenant=timezone.now())
        messages.success(request, "Le rectificatif est ouvert, avec les règles de la première version.")
    except calculs.RectificationRefusee as refus:
        messages.error(request, str(refus))
    return redirect("bareme:periode", code=vue.code)


def _ouvert(periode: Periode) -> Calcul | None:
    """Le calcul qui peut encore changer ; la base n’en admet qu’un par période."""
    return Calcul.objects.filter(periode=periode).exclude(etape=Etape.CLOS).first()


def _montrer(
    request: RequeteDeCompte,
    vue: Periode,
    *,
    cloture: ConfirmationForm | None = None,
    rectificatif: MotifForm | None = None,
) -> HttpResponse:
    contexte = {
        "periode": vue,
        "versions": versions_de(vue),
        "ouvert": _ouvert(vue),
        "cloture": cloture or ConfirmationForm(prefix="cloture"),
        "rectificatif": rectificatif or MotifForm(prefix="rectificatif"),
    }
    return render(request, "bareme/periode.html", contexte)
