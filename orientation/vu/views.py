"""La page où un médecin, ou qui tient son agenda, lit sa carte comme la régulation."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agenda.pages.acces import contexte_du_lieu, lieu_tenu
from comptes.requetes import RequeteDeCompte
from orientation import rendu
from orientation.domaine.classement import sans_distance
from orientation.vu.lectures import ce_que_voit_la_regulation


@never_cache
@require_safe
def lieu(request: RequeteDeCompte, lieu_id: int) -> HttpResponse:
    """La carte porte les informations réservées à la régulation, mais aucun lien : on ne s’oriente pas soi-même."""
    maintenant = timezone.now()
    tenu = lieu_tenu(request, lieu_id, maintenant)
    vu = ce_que_voit_la_regulation(tenu, maintenant=maintenant)
    offres = [vu.offre] if vu.offre else []
    cartes = [
        replace(carte, distance="", raison=sans_distance(carte.raison, offre.distance_km))
        for offre, carte in zip(
            offres, rendu.cartes(offres, maintenant=maintenant, jeton="", oriente=False), strict=True
        )
    ]
    contexte = contexte_du_lieu(request, tenu) | {
        "vu": vu,
        "maintenant": maintenant,
        "carte": rendu.liste(cartes, oriente=True, oriente_en_sus=False),
    }
    return render(request, "vu/lieu.html", contexte)
