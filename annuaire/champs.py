"""Le champ d’une personne : sur quels territoires, structures et effecteurs porte une action.

La table `comptes.droits.TABLE` dit l’étendue de chaque rôle ; ce module la
traduit en lignes de la base. Les périmètres et délégations finis ne comptent
plus dès la requête suivante.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from annuaire.models import (
    Commune,
    Delegation,
    Departement,
    Effecteur,
    LieuExercice,
    Perimetre,
    Rattachement,
    Structure,
    Territoire,
)
from comptes.droits import TABLE
from comptes.enums import Action, Etendue
from comptes.models import Compte, Habilitation


@dataclass(frozen=True, slots=True)
class Champ:
    """Identifiants sur lesquels l’action est permise ; `france` : sur tout, les ensembles sont alors vides."""

    france: bool = False
    territoires: frozenset[int] = frozenset()
    structures: frozenset[int] = frozenset()
    delegations: frozenset[int] = frozenset()
    effecteur: int | None = None


def champ(compte: Compte, action: Action, *, instant: datetime) -> Champ:
    """Champ de `compte` pour `action` à `instant` ; vide si aucun de ses rôles ne la permet."""
    etendues = {role: etendue for role, etendue in TABLE[action].items() if role in compte.roles}
    if Etendue.FRANCE in etendues.values():
        return Champ(france=True)
    voulus = [r for r, etendue in etendues.items() if etendue in (Etendue.TERRITOIRE, Etendue.STRUCTURE)]
    territoires: set[int] = set()
    structures: set[int] = set()
    if voulus:
        habilitations = Habilitation.objects.filter(compte=compte, role__in=voulus).en_cours(instant)
        perimetres = Perimetre.objects.en_cours(instant).filter(habilitation__in=habilitations)
        for role, territoire, structure in perimetres.values_list(
            "habilitation__role", "territoire_id", "structure_id"
        ):
            if territoire and etendues[role] is Etendue.TERRITOIRE:
                territoires.add(territoire)
            if structure and etendues[role] is Etendue.STRUCTURE:
                structures.add(structure)
    delegations: frozenset[int] = frozenset()
    if Etendue.DELEGATION in etendues.values():
        donnees = Delegation.objects.en_vigueur(instant).filter(delegataire=compte)
        delegations = frozenset(donnees.values_list("pk", flat=True))
    effecteur = None
    if Etendue.SOI in etendues.values() and compte.identifiant_national:
        siens = Effecteur.objects.filter(identifiant_national=compte.identifiant_national)
        effecteur = siens.values_list("pk", flat=True).first()
    return Champ(False, frozenset(territoires), frozenset(structures), delegations, effecteur)


def territoires_du(champ: Champ) -> QuerySet[Territoire]:
    return Territoire.objects.all() if champ.france else Territoire.objects.filter(pk__in=champ.territoires)


def departements_du(champ: Champ) -> QuerySet[Departement]:
    """Départements de ces territoires : ceux qu’ils ont entiers, et ceux de leurs communes nommées."""
    if champ.france:
        return Departement.objects.all()
    territoires = territoires_du(champ)
    communes = Commune.objects.filter(pk__in=territoires.values("communes"))
    return Departement.objects.filter(
        Q(pk__in=territoires.values("departements")) | Q(pk__in=communes.values("departement"))
    )


def structures_du(champ: Champ) -> QuerySet[Structure]:
    """Structures gérées, en propre ou par délégation (W-30 : toutes, SOS et CPTS comprises)."""
    if champ.france:
        return Structure.objects.all()
    deleguees = Delegation.objects.filter(pk__in=champ.delegations, structure__isnull=False)
    return Structure.objects.filter(Q(pk__in=champ.structures) | Q(pk__in=deleguees.values("structure")))


def lieux_du(champ: Champ, *, instant: datetime) -> QuerySet[LieuExercice]:
    """Lieux dont on tient l’agenda : les siens, ceux qu’une délégation nomme, ceux de ses structures.

    Un lieu est d’une structure par son adresse, ou parce que l’effecteur l’y a rattaché.
    """
    if champ.france:
        return LieuExercice.objects.all()
    siens = Q(effecteur=champ.effecteur) if champ.effecteur else Q(pk__in=[])
    if not (champ.delegations or champ.structures):
        # Le médecin chez lui, le cas courant : composer ce qui suit coûterait plus que le lire.
        return LieuExercice.objects.filter(siens)
    donnees = Delegation.objects.filter(pk__in=champ.delegations, effecteur=OuterRef("effecteur"))
    deleguee = Exists(donnees.filter(Q(lieux=None) | Q(lieux=OuterRef("pk"))))
    structures = structures_du(champ).values("pk")
    rattaches = Rattachement.objects.en_cours(instant).filter(structure__in=structures)
    en_structure = Q(structure__in=structures) | Q(pk__in=rattaches.values("lieu"))
    return LieuExercice.objects.filter(siens | deleguee | en_structure)
