"""Les périodes closes d’une caisse, département par département."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from comptes.enums import Action
from comptes.requetes import RequeteDeCompte
from remuneration.caisse import lectures
from remuneration.enums import NatureExport
from remuneration.models import Periode


@never_cache
@require_safe
def periodes(request: RequeteDeCompte) -> HttpResponse:
    """Un département à la fois : le premier des siens, ou celui qu’on choisit."""
    siens = lectures.departements_de(request.user, Action.SUIVRE_CAISSE, instant=timezone.now())
    demande = request.GET.get("departement")
    departement = get_object_or_404(siens, pk=demande) if demande else siens.first()
    contexte = {
        "departements": siens,
        "departement": departement,
        "vues": lectures.periodes_de(departement) if departement else [],
    }
    return render(request, "caisse/periodes.html", contexte)


@never_cache
@require_safe
def periode(request: RequeteDeCompte, departement_id: str, code: str) -> HttpResponse:
    maintenant = timezone.now()
    siens = lectures.departements_de(request.user, Action.SUIVRE_CAISSE, instant=maintenant)
    departement = get_object_or_404(siens, pk=departement_id)
    vue = get_object_or_404(Periode.objects.filter(calculs__etape="clos").distinct(), code=code)
    calcul = lectures.dernier_clos(vue)
    assert calcul is not None
    valide = lectures.departements_de(request.user, Action.VALIDER_EXPORTS, instant=maintenant)
    exports = lectures.exports_de(vue, departement)
    courants = [export for export in exports if export.calcul_id == calcul.pk]
    precedente, comparaisons = lectures.comparer(calcul, departement)
    contexte = {
        "periode": vue,
        "departement": departement,
        "calcul": calcul,
        "exports": courants,
        "anciens": [export for export in exports if export.calcul_id != calcul.pk],
        "manquent": len(courants) < len(NatureExport.values),
        "peut_produire": valide.filter(pk=departement.pk).exists(),
        "precedente": precedente,
        "comparaisons": comparaisons,
        "contestations": lectures.contestations_de([departement]).filter(periode=vue),
        "regles": calcul.regles.order_by("prestation", "debut", "pk"),
    }
    return render(request, "caisse/periode.html", contexte)
