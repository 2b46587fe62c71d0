"""Où en est sa participation : ce qu’elle ouvre comme droits, ce qui manque, ce que le trimestre en cours vaut déjà."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from comptes.requetes import RequeteDeCompte
from remuneration.domaine.periodes import lundi_de
from remuneration.enums import MotifActe
from remuneration.espace.acces import beneficiaire_ou_404, beneficiaires_de
from remuneration.espace.actes import fuseau_de, semaine
from remuneration.espace.releves import en_cours


@never_cache
@require_safe
def accueil(request: RequeteDeCompte) -> HttpResponse:
    siens = beneficiaires_de(request.user, maintenant=timezone.now())
    if not siens:
        return render(request, "ma_participation/aucun.html")
    return redirect("ma_participation:participation", qui=siens[0].cle)


@never_cache
@require_safe
def participation(request: RequeteDeCompte, qui: str) -> HttpResponse:
    maintenant = timezone.now()
    beneficiaire = beneficiaire_ou_404(request, qui, maintenant=maintenant)
    courant = en_cours(beneficiaire, maintenant=maintenant)
    trimestre = courant.trimestre
    jour = maintenant.astimezone(fuseau_de(beneficiaire)).date()
    siens = beneficiaires_de(request.user, maintenant=maintenant)
    contexte = {
        "beneficiaire": beneficiaire,
        "page": "participation",
        "autres": [autre for autre in siens if autre.cle != beneficiaire.cle],
        "courant": courant,
        "maintenant": maintenant,
        "semaine": semaine(trimestre.actes, trimestre.regles, lundi_de(jour), medecins=trimestre.medecins),
        "issues_manquantes": sum(
            a.motif == MotifActe.ISSUE_INCONNUE and a.debut <= maintenant for a in trimestre.actes
        ),
    }
    return render(request, "ma_participation/participation.html", contexte)
