"""Quelles délégations et demandes chacun voit, et de qui un consentement peut venir."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from annuaire.champs import champ, territoires_du
from annuaire.models import Delegation, DemandeDelegation, Effecteur, Perimetre, Structure
from annuaire.models.droits import DelegationQuerySet, DemandeDelegationQuerySet
from annuaire.territoires.lectures import communes_de, effecteurs_de, structures_de
from comptes.enums import Action, Role
from comptes.models import Compte, Habilitation, Trace


def comptes_titulaires(
    effecteur: Effecteur | None, structure: Structure | None, *, instant: datetime
) -> QuerySet[Compte]:
    """Qui peut consentir : le compte de l’effecteur, ou les gestionnaires de la structure."""
    actifs = Compte.objects.filter(is_active=True)
    if effecteur is not None:
        return actifs.filter(identifiant_national=effecteur.identifiant_national)
    habilitations = Habilitation.objects.filter(role=Role.GESTIONNAIRE_STRUCTURE).en_cours(instant)
    perimetres = Perimetre.objects.en_cours(instant).filter(
        structure=structure, habilitation__in=habilitations
    )
    return actifs.filter(habilitations__in=perimetres.values("habilitation")).distinct()


def est_titulaire(
    compte: Compte, effecteur: Effecteur | None, structure: Structure | None, *, instant: datetime
) -> bool:
    sien = champ(compte, Action.DEMANDER_DELEGATION, instant=instant)
    if effecteur is not None:
        return sien.effecteur == effecteur.pk
    return structure is not None and structure.pk in sien.structures


def _du_titulaire(compte: Compte, instant: datetime) -> Q:
    sien = champ(compte, Action.DEMANDER_DELEGATION, instant=instant)
    de_l_effecteur = Q(effecteur=sien.effecteur) if sien.effecteur else Q(pk__in=[])
    return de_l_effecteur | Q(structure__in=sien.structures)


def donnees_par(compte: Compte, *, instant: datetime) -> DelegationQuerySet:
    """Délégations dont ce compte est le titulaire."""
    return Delegation.objects.filter(_du_titulaire(compte, instant))


def delegations_recues(compte: Compte) -> DelegationQuerySet:
    return Delegation.objects.filter(delegataire=compte)


def demandees_par(compte: Compte, *, instant: datetime) -> DemandeDelegationQuerySet:
    return DemandeDelegation.objects.filter(_du_titulaire(compte, instant))


def effecteurs_geres(compte: Compte, *, instant: datetime) -> QuerySet[Effecteur]:
    gere = champ(compte, Action.GERER_DELEGATIONS, instant=instant)
    return Effecteur.objects.all() if gere.france else effecteurs_de(territoires_du(gere))


def structures_gerees(compte: Compte, *, instant: datetime) -> QuerySet[Structure]:
    gere = champ(compte, Action.GERER_DELEGATIONS, instant=instant)
    return Structure.objects.all() if gere.france else structures_de(territoires_du(gere))


def demandes_gerees(compte: Compte, *, instant: datetime) -> DemandeDelegationQuerySet:
    """Demandes adressées à ce gestionnaire : la ville nommée est dans l’un de ses territoires (U-22)."""
    gere = champ(compte, Action.GERER_DELEGATIONS, instant=instant)
    if gere.france:
        return DemandeDelegation.objects.all()
    return DemandeDelegation.objects.filter(commune__in=communes_de(territoires_du(gere)))


def delegations_gerees(compte: Compte, *, instant: datetime) -> DelegationQuerySet:
    gere = champ(compte, Action.GERER_DELEGATIONS, instant=instant)
    if gere.france:
        return Delegation.objects.all()
    return Delegation.objects.filter(
        Q(effecteur__in=effecteurs_geres(compte, instant=instant))
        | Q(structure__in=structures_gerees(compte, instant=instant))
        | Q(demande__in=demandes_gerees(compte, instant=instant))
    )


def visibles_par(compte: Compte, *, instant: datetime) -> DelegationQuerySet:
    """Le délégataire, le titulaire et le gestionnaire de comptes du territoire voient la délégation."""
    return Delegation.objects.filter(
        Q(delegataire=compte)
        | Q(pk__in=donnees_par(compte, instant=instant).values("pk"))
        | Q(pk__in=delegations_gerees(compte, instant=instant).values("pk"))
    )


def actes_du_delegataire(delegation: Delegation) -> QuerySet[Trace]:
    """Ce que le délégataire a fait pour ce titulaire depuis qu’il a délégation, le plus récent d’abord.

    Un acte s’y reconnaît à son objet (« lieu:12 ») ou au lieu nommé dans ses détails.
    """
    lieux = delegation.lieux.values_list("pk", flat=True)
    if delegation.effecteur is not None:
        numeros = list(lieux or delegation.effecteur.lieux.values_list("pk", flat=True))
        objets = [f"effecteur:{delegation.effecteur_id}"]
    else:
        assert delegation.structure is not None
        rattaches = delegation.structure.rattachements.values_list("lieu", flat=True)
        numeros = [*delegation.structure.lieux.values_list("pk", flat=True), *rattaches]
        objets = [f"structure:{delegation.structure_id}"]
    objets += [f"lieu:{numero}" for numero in numeros]
    actes = Trace.objects.filter(
        Q(objet__in=objets) | Q(details__lieu__in=numeros),
        acteur=delegation.delegataire_id,
        le__gte=delegation.debut_le,
    )
    if delegation.revoquee_le:
        actes = actes.filter(le__lte=delegation.revoquee_le)
    return actes.order_by("-le", "-pk")
