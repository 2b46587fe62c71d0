"""Les périodes calculées : ce qui est dû, version par version, ce que la caisse a reçu, et quand."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from comptes.requetes import RequeteDeCompte
from remuneration.espace.acces import beneficiaire_ou_404
from remuneration.espace.lectures import caisse_de, ecarts, est_servie, periodes_de, recus_par_la_caisse
from remuneration.espace.rendu import du_decompte


@never_cache
@require_safe
def periodes(request: RequeteDeCompte, qui: str) -> HttpResponse:
    beneficiaire = beneficiaire_ou_404(request, qui, maintenant=timezone.now())
    contexte = {"beneficiaire": beneficiaire, "page": "periodes", "periodes": periodes_de(beneficiaire)}
    return render(request, "ma_participation/periodes.html", contexte)


@never_cache
@require_safe
def periode(request: RequeteDeCompte, qui: str, code: str) -> HttpResponse:
    beneficiaire = beneficiaire_ou_404(request, qui, maintenant=timezone.now())
    vue = next(iter(periodes_de(beneficiaire, code=code)), None)
    if vue is None:
        raise Http404
    contexte = {
        "beneficiaire": beneficiaire,
        "page": "periodes",
        "vue": vue,
        "prestations": [du_decompte(decompte) for decompte in vue.derniere.decomptes],
        "ecarts": ecarts(vue, beneficiaire),
        "recus": recus_par_la_caisse(vue, beneficiaire),
        "est_servie": est_servie(caisse_de(beneficiaire, vue), vue),
    }
    return render(request, "ma_participation/periode.html", contexte)
