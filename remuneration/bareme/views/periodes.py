"""Les périodes : les ouvrir, les calculer, les clore, les rectifier. Une période close garde ses règles."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from comptes.requetes import RequeteDeCompte
from remuneration.models import Periode


@never_cache
@require_safe
def periodes(request: RequeteDeCompte) -> HttpResponse:
    toutes = Periode.objects.prefetch_related("calculs").order_by("-debut", "-code")
    return render(request, "bareme/periodes.html", {"periodes": toutes})


@never_cache
@require_safe
def periode(request: RequeteDeCompte, code: str) -> HttpResponse:
    vue = get_object_or_404(Periode, code=code)
    contexte = {"periode": vue, "calculs": vue.calculs.order_by("-version")}
    return render(request, "bareme/periode.html", contexte)
