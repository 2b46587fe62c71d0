"""Donner et retirer des rôles et leurs périmètres : les dates se ferment, rien ne s’efface."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from annuaire.champs import Champ, champ
from annuaire.delegations import actions as delegations
from annuaire.gestion.actions.refus import CompteRefuse
from annuaire.gestion.portee import HorsHierarchie, deborde, non_finies, perimetres_visibles
from annuaire.gestion.saisie import RoleVoulu
from annuaire.models import Delegation, Perimetre
from comptes.droits import roles_accordables
from comptes.enums import Action, Role
from comptes.models import Compte, Habilitation

DEBORDE = "{} : ce rôle vaut aussi hors de vos territoires, seul un administrateur national le retire."
FIN_DEBORDE = (
    "{} : ce rôle vaut aussi hors de vos territoires, seul un administrateur national en change la fin."
)
# Leur champ ne vient pas de périmètres : l’annuaire et les délégations le disent.
SANS_PERIMETRE = (Role.EFFECTEUR, Role.DELEGATAIRE)


def appliquer_roles(
    acteur: Compte, compte: Compte, voulus: Mapping[Role, RoleVoulu], *, maintenant: datetime
) -> dict[str, Any]:
    """Amène les rôles de `compte` à `voulus`, dans les limites de `acteur` ; rend de quoi tracer.

    Ce que `acteur` ne voit pas (rôles de son niveau, territoires d’un autre)
    reste tel quel. Le compte est verrouillé par l’appelant.
    """
    accordables = roles_accordables(acteur.roles)
    if set(voulus) - accordables:
        raise HorsHierarchie
    gere = champ(acteur, Action.GERER_COMPTES, instant=maintenant)
    if not gere.france and any(voulu.territoires - gere.territoires for voulu in voulus.values()):
        raise HorsHierarchie
    ouvertes = {h.role: h for h in compte.habilitations.filter(non_finies(maintenant)).order_by("pk")}
    donnes, retires, perimetres = [], [], []
    for role in sorted(accordables):
        voulu, habilitation = voulus.get(role), ouvertes.get(role)
        if voulu is None:
            if habilitation is not None and _retirer(acteur, compte, habilitation, gere, maintenant):
                retires.append(str(role))
            continue
        if habilitation is None:
            habilitation = Habilitation.objects.create(
                compte=compte, role=role, debut_le=maintenant, fin_le=voulu.fin_le
            )
            donnes.append(str(role))
        elif (
            role in SANS_PERIMETRE
            and habilitation.fin_le != voulu.fin_le
            and deborde(acteur, compte, instant=maintenant)
        ):
            raise CompteRefuse(FIN_DEBORDE.format(role.label), f"fin_{role}")
        perimetres += _accorder_perimetre(habilitation, voulu, gere, maintenant)
    return {"roles_donnes": donnes, "roles_retires": retires, "perimetres": perimetres}


def _retirer(
    acteur: Compte, compte: Compte, habilitation: Habilitation, gere: Champ, maintenant: datetime
) -> bool:
    """Ferme le rôle ; s’il vaut aussi ailleurs, seulement ce qu’en gère `acteur`. Faux s’il n’en gère rien."""
    perimetres = Perimetre.objects.filter(non_finies(maintenant), habilitation=habilitation)
    siens = list(perimetres_visibles(perimetres, gere))
    if len(siens) < perimetres.count():
        for perimetre in siens:
            clore(perimetre, maintenant)
        return bool(siens)
    if habilitation.role in SANS_PERIMETRE:
        if deborde(acteur, compte, instant=maintenant):
            raise CompteRefuse(DEBORDE.format(habilitation.get_role_display()), "roles")
        clore_les_delegations(acteur, compte, Role(habilitation.role), maintenant)
    # Les périmètres restent ouverts : ils disent de quel territoire relevait le compte, et ne donnent plus rien.
    clore(habilitation, maintenant)
    return True


def clore_les_delegations(acteur: Compte, compte: Compte, role: Role, maintenant: datetime) -> None:
    """Celles qu’a données l’effecteur, que nul ne pourrait plus révoquer, ou celles qu’a reçues le délégataire.

    Rendre le rôle plus tard ne doit pas réveiller une délégation d’avant.
    """
    siennes = Q(delegataire=compte)
    if role == Role.EFFECTEUR:
        siennes = Q(effecteur__identifiant_national=compte.identifiant_national or "")
    vivantes = Delegation.objects.vivantes(maintenant).filter(siennes)
    for delegation in vivantes.select_for_update(of=("self",)).order_by("pk"):
        delegations.clore(delegation=delegation, acteur=acteur, maintenant=maintenant)


def _accorder_perimetre(
    habilitation: Habilitation, voulu: RoleVoulu, gere: Champ, maintenant: datetime
) -> list[str]:
    """Ouvre ce qui manque, ferme ce qui n’est plus voulu et que `gere` couvre ; rend ce qui a changé."""
    ouverts = Perimetre.objects.filter(non_finies(maintenant), habilitation=habilitation)
    siens = list(perimetres_visibles(ouverts, gere))
    changes = []
    # La date de fin vaut pour tout le rôle : elle ne se change pas si un autre territoire en dépend.
    if habilitation.fin_le != voulu.fin_le and len(siens) == ouverts.count():
        habilitation.fin_le = voulu.fin_le
        habilitation.save(update_fields=["fin_le"])
        changes.append(f"fin:{habilitation.role}")
    deja = set(ouverts.values_list("territoire", "structure"))
    for perimetre in siens:
        if (
            perimetre.territoire_id not in voulu.territoires
            and perimetre.structure_id not in voulu.structures
        ):
            clore(perimetre, maintenant)
            changes.append(f"-{_nommer(perimetre)}")
    nouveaux = [Perimetre(territoire_id=t) for t in sorted(voulu.territoires) if (t, None) not in deja]
    nouveaux += [Perimetre(structure_id=s) for s in sorted(voulu.structures) if (None, s) not in deja]
    for perimetre in nouveaux:
        perimetre.habilitation, perimetre.debut_le = habilitation, maintenant
        perimetre.save()
        changes.append(f"+{_nommer(perimetre)}")
    return changes


def _nommer(perimetre: Perimetre) -> str:
    if perimetre.territoire_id:
        return f"territoire:{perimetre.territoire_id}"
    return f"structure:{perimetre.structure_id}"


def clore(ligne: Habilitation | Perimetre, maintenant: datetime) -> None:
    """Ferme une ligne datée ; si elle n’a pas commencé, elle n’a jamais rien donné et s’efface."""
    if ligne.debut_le >= maintenant:
        ligne.delete()
        return
    ligne.fin_le = maintenant
    ligne.save(update_fields=["fin_le"])
