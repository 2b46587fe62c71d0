"""Désactiver, réactiver, supprimer : ce qui vaut pour tout le compte, donc pour tous ses territoires."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from annuaire.gestion.actions.refus import CompteDeborde
from annuaire.gestion.actions.roles import clore, clore_les_delegations
from annuaire.gestion.portee import deborde, non_finies, verifier_hierarchie
from annuaire.models import Perimetre
from comptes.actions import anonymiser, fermer_les_sessions, tracer
from comptes.enums import Role
from comptes.models import Compte


@transaction.atomic
def desactiver(*, acteur: Compte, compte_id: int, maintenant: datetime) -> Compte:
    """Le compte ne peut plus rien dès la requête suivante ; ses rôles l’attendent. Lève `CompteDeborde`."""
    compte = _entier(acteur, compte_id, maintenant)
    if compte.is_active:
        compte.is_active, compte.desactive_le = False, maintenant
        compte.save(update_fields=["is_active", "desactive_le", "modifie_le"])
        fermer_les_sessions(compte)
        tracer(acteur=acteur, verbe="compte.desactive", objet=f"compte:{compte.pk}")
    return compte


@transaction.atomic
def reactiver(*, acteur: Compte, compte_id: int, maintenant: datetime) -> Compte:
    """Lève `CompteDeborde`."""
    compte = _entier(acteur, compte_id, maintenant)
    if not compte.is_active:
        compte.is_active, compte.desactive_le = True, None
        # L’inactivité se compte de nouveau : sans cela la prochaine relance refermerait le compte.
        compte.relance_inactivite, compte.relance_inactivite_le = 0, None
        compte.save()
        tracer(acteur=acteur, verbe="compte.reactive", objet=f"compte:{compte.pk}")
    return compte


@transaction.atomic
def supprimer(*, acteur: Compte, compte_id: int, maintenant: datetime) -> None:
    """Révoque les délégations reçues et données, ferme les périmètres, efface l’identité (`comptes.actions.anonymiser`).

    La ligne reste, sans nom : la trace et les orientations désignent son numéro.
    Lève `CompteDeborde`.
    """
    compte = _entier(acteur, compte_id, maintenant)
    clore_les_delegations(acteur, compte, Role.DELEGATAIRE, maintenant)
    if compte.habilitations.filter(non_finies(maintenant), role=Role.EFFECTEUR).exists():
        clore_les_delegations(acteur, compte, Role.EFFECTEUR, maintenant)
    for perimetre in Perimetre.objects.filter(non_finies(maintenant), habilitation__compte=compte):
        clore(perimetre, maintenant)
    anonymiser(compte=compte, acteur=acteur, maintenant=maintenant)


def _entier(acteur: Compte, compte_id: int, maintenant: datetime) -> Compte:
    compte = Compte.objects.select_for_update(of=("self",)).get(pk=compte_id)
    verifier_hierarchie(acteur, compte, instant=maintenant)
    if deborde(acteur, compte, instant=maintenant):
        raise CompteDeborde
    return compte
