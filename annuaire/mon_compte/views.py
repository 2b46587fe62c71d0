"""« Mon compte » : qui l’on est ici, au nom de qui l’on agit, qui agit en notre nom (U-20)."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth import BACKEND_SESSION_KEY
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annuaire.champs import champ, structures_du
from annuaire.delegations.lectures import delegations_recues, donnees_par
from annuaire.models import Rattachement
from annuaire.mon_compte.lectures import effecteur_de, roles_de
from annuaire.structures import actions
from annuaire.structures.actions import StructureRefusee
from annuaire.structures.lectures import rattachements_de
from comptes.connexion import MOTEUR
from comptes.enums import Action
from comptes.requetes import RequeteDeCompte

STRUCTURES_MONTREES = 20


@never_cache
@require_safe
def compte(request: RequeteDeCompte) -> HttpResponse:
    maintenant = timezone.now()
    effecteur = effecteur_de(request.user)
    gere = champ(request.user, Action.GERER_STRUCTURES, instant=maintenant)
    donnees = donnees_par(request.user, instant=maintenant).vivantes(maintenant).pour_liste()
    contexte = {
        "roles": roles_de(request.user, instant=maintenant),
        "par_psc": request.session.get(BACKEND_SESSION_KEY) == MOTEUR,
        "effecteur": effecteur,
        "lieux": effecteur.lieux.filter(est_actif=True).select_related("commune") if effecteur else [],
        "rattachements": rattachements_de(effecteur, instant=maintenant) if effecteur else [],
        "structures": []
        if gere.france
        else structures_du(gere).select_related("commune").order_by("nom", "pk")[:STRUCTURES_MONTREES],
        "recues": delegations_recues(request.user).en_vigueur(maintenant).pour_liste(),
        "donnees": donnees,
    }
    return render(request, "mon_compte/compte.html", contexte)


@require_POST
def accepter_rattachement(request: RequeteDeCompte, rattachement_id: int) -> HttpResponse:
    maintenant = timezone.now()
    vise = _le_sien(request, rattachement_id)
    return _faire(
        request,
        lambda: actions.accepter_rattachement(rattachement=vise, acteur=request.user, maintenant=maintenant),
        "Ce lieu compte maintenant parmi les membres de la structure.",
    )


@require_POST
def quitter_structure(request: RequeteDeCompte, rattachement_id: int) -> HttpResponse:
    maintenant = timezone.now()
    vise = _le_sien(request, rattachement_id)
    return _faire(
        request,
        lambda: actions.terminer_rattachement(rattachement=vise, acteur=request.user, maintenant=maintenant),
        "Ce lieu ne compte plus parmi les membres de la structure.",
    )


def _le_sien(request: RequeteDeCompte, rattachement_id: int) -> Rattachement:
    """Un rattachement de ses propres lieux ; celui d’un autre n’existe pas."""
    effecteur = effecteur_de(request.user)
    siens = rattachements_de(effecteur, instant=timezone.now()) if effecteur else Rattachement.objects.none()
    return get_object_or_404(siens, pk=rattachement_id)


def _faire(request: RequeteDeCompte, geste: Callable[[], object], succes: str) -> HttpResponse:
    try:
        geste()
    except StructureRefusee as refus:
        messages.error(request, str(refus))
    else:
        messages.success(request, succes)
    return redirect("mon_compte:compte")
