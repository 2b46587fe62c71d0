"""Ce que la personne tient ; ce qui n’en est pas n’existe pas."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404
from django.shortcuts import get_object_or_404

from annuaire.champs import Champ, champ, lieux_du, structures_du
from annuaire.enums import TypeStructure
from annuaire.models import Effecteur, LieuExercice, Structure
from comptes.enums import Action
from comptes.requetes import RequeteDeCompte

PARTICIPENT = (TypeStructure.CDS, TypeStructure.SOS)


def champ_de(request: RequeteDeCompte, maintenant: datetime) -> Champ:
    return champ(request.user, Action.TENIR_AGENDA, instant=maintenant)


def effecteur_connecte(request: RequeteDeCompte, maintenant: datetime) -> Effecteur | None:
    """Sa participation se déclare en personne : ni délégataire, ni gestionnaire (P-06) ; eux vont à leur tableau."""
    effecteur_id = champ_de(request, maintenant).effecteur
    return None if effecteur_id is None else Effecteur.objects.get(pk=effecteur_id)


def structure_tenue(champ: Champ, structure_id: int) -> Structure:
    return get_object_or_404(structures_du(champ).select_related("commune"), pk=structure_id)


def regle_la_participation(champ: Champ, structure: Structure) -> bool:
    """P-21 : le gestionnaire du centre ou de l’association, jamais un délégataire."""
    return structure.type in PARTICIPENT and structure.pk in champ.structures


def structure_a_regler(request: RequeteDeCompte, structure_id: int, maintenant: datetime) -> Structure:
    mien = champ_de(request, maintenant)
    structure = structure_tenue(mien, structure_id)
    if not regle_la_participation(mien, structure):
        raise Http404
    return structure


def lieu_tenu(request: RequeteDeCompte, lieu_id: int, maintenant: datetime) -> LieuExercice:
    tenus = lieux_du(champ_de(request, maintenant), instant=maintenant).filter(est_actif=True)
    return get_object_or_404(tenus.select_related("commune", "effecteur", "structure"), pk=lieu_id)
