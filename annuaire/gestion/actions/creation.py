"""Créer un compte, un lot de comptes, modifier un compte."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction

from annuaire.champs import champ
from annuaire.delegations import actions as delegations
from annuaire.gestion.actions.courriels import annoncer_adresse
from annuaire.gestion.actions.refus import (
    CompteDeborde,
    CompteRefuse,
    EmailPris,
    EtatChange,
    IdentifiantPris,
    LotRefuse,
)
from annuaire.gestion.actions.roles import appliquer_roles
from annuaire.gestion.portee import deborde, non_finies, verifier_hierarchie
from annuaire.gestion.saisie import Etat, Saisie, etat_du_compte
from annuaire.models import Effecteur
from comptes.actions import tracer
from comptes.enums import Action, Role
from comptes.local.actions import inviter
from comptes.models import Compte


@transaction.atomic
def creer(*, acteur: Compte, saisie: Saisie, maintenant: datetime) -> Compte:
    """Crée le compte, ou donne ses rôles à celui de la même adresse qui n’en a aucun (U-15).

    Deux créations simultanées de la même adresse : la base n’en garde qu’une.
    Lève `CompteRefuse`.
    """
    compte, verbe, details = _creer(acteur, saisie, maintenant)
    _deleguer(acteur, compte, saisie, maintenant)
    tracer(acteur=acteur, verbe=verbe, objet=f"compte:{compte.pk}", **details)
    return compte


@transaction.atomic
def creer_tous(*, acteur: Compte, saisies: Sequence[Saisie], maintenant: datetime) -> list[Compte]:
    """Tous ou aucun ; la trace, qui tient un verrou, s’écrit quand tout le reste est fait.

    Lève `LotRefuse`, qui nomme la ligne.
    """
    crees = [
        _au_rang(rang, partial(_creer, acteur, saisie, maintenant)) for rang, saisie in enumerate(saisies)
    ]
    for rang, (saisie, (compte, _, _)) in enumerate(zip(saisies, crees, strict=True)):
        _au_rang(rang, partial(_deleguer, acteur, compte, saisie, maintenant))
    for compte, verbe, details in crees:
        tracer(acteur=acteur, verbe=verbe, objet=f"compte:{compte.pk}", **details)
    return [compte for compte, _, _ in crees]


def _au_rang(rang: int, geste: Callable[[], Any]) -> Any:
    try:
        return geste()
    except CompteRefuse as refus:
        raise LotRefuse(rang, refus) from None


def _creer(acteur: Compte, saisie: Saisie, maintenant: datetime) -> tuple[Compte, str, dict[str, Any]]:
    """Le compte, ses rôles et son courriel ; ni délégation ni trace."""
    compte, verbe = _compte_de_l_adresse(saisie, maintenant)
    details = appliquer_roles(acteur, compte, saisie.roles, maintenant=maintenant)
    inviter(compte=compte, maintenant=maintenant)
    return compte, verbe, details


def _compte_de_l_adresse(saisie: Saisie, maintenant: datetime) -> tuple[Compte, str]:
    existant = Compte.objects.select_for_update(of=("self",)).filter(email=saisie.email).first()
    if existant is None:
        compte = Compte(
            email=saisie.email,
            nom=saisie.nom,
            prenom=saisie.prenom,
            identifiant_national=saisie.identifiant_national,
            numero_cpx=saisie.numero_cpx,
        )
        compte.set_unusable_password()
        _enregistrer(compte)
        return compte, "compte.cree"
    if not existant.is_active or existant.habilitations.filter(non_finies(maintenant)).exists():
        raise EmailPris(existant)
    if saisie.identifiant_national and existant.identifiant_national != saisie.identifiant_national:
        if existant.identifiant_national:
            raise CompteRefuse(
                "Cette adresse électronique est celle d’un compte qui porte un autre numéro RPPS/ADELI.",
                "email",
            )
        existant.identifiant_national = saisie.identifiant_national
        _enregistrer(existant)
    return existant, "compte.fusionne"


def _enregistrer(compte: Compte) -> None:
    try:
        with transaction.atomic():
            compte.save()
    except IntegrityError as erreur:
        # Un autre gestionnaire vient de prendre l’adresse ou le numéro.
        if "identifiant_national" in str(erreur):
            raise IdentifiantPris from None
        if "email" in str(erreur):
            raise EmailPris(Compte.objects.filter(email=compte.email).first()) from None
        raise


def _deleguer(acteur: Compte, compte: Compte, saisie: Saisie, maintenant: datetime) -> None:
    """Ouvre les délégations ; elles ne donnent rien avant que leur titulaire y consente."""
    voulu = saisie.roles.get(Role.DELEGATAIRE)
    if voulu is None:
        return
    for titulaire in saisie.titulaires:
        est_effecteur = isinstance(titulaire, Effecteur)
        try:
            delegations.accorder(
                delegataire=compte,
                acteur=acteur,
                effecteur=titulaire if isinstance(titulaire, Effecteur) else None,
                structure=None if isinstance(titulaire, Effecteur) else titulaire,
                fin_le=voulu.fin_le,
                maintenant=maintenant,
            )
        except delegations.DelegationRefusee as refus:
            champ_fautif = "professionnels_cherche" if est_effecteur else "structures_liees_cherche"
            raise CompteRefuse(f"{titulaire} : {refus}", champ_fautif) from None


@transaction.atomic
def modifier(
    *, acteur: Compte, compte_id: int, saisie: Saisie, etat_lu: Etat, maintenant: datetime
) -> Compte:
    """Écrit la saisie si le compte est resté tel que `etat_lu`.

    Lève `EtatChange` (avec l’état d’à présent), `CompteRefuse` ou `HorsHierarchie`.
    """
    compte = Compte.objects.select_for_update(of=("self",)).get(pk=compte_id)
    verifier_hierarchie(acteur, compte, instant=maintenant)
    gere = champ(acteur, Action.GERER_COMPTES, instant=maintenant)
    actuel = etat_du_compte(compte, acteur, gere, instant=maintenant)
    if actuel != etat_lu:
        raise EtatChange(actuel)
    ancienne = compte.email or ""
    changes = _ecrire_identite(compte, saisie)
    if changes and deborde(acteur, compte, instant=maintenant):
        raise CompteDeborde
    _enregistrer(compte)
    details = appliquer_roles(acteur, compte, saisie.roles, maintenant=maintenant)
    _deleguer(acteur, compte, saisie, maintenant)
    if "email" in changes and compte.is_active:
        annoncer_adresse(compte, ancienne, maintenant=maintenant)
    tracer(acteur=acteur, verbe="compte.modifie", objet=f"compte:{compte.pk}", champs=changes, **details)
    return compte


def _ecrire_identite(compte: Compte, saisie: Saisie) -> list[str]:
    """Pose les champs d’identité et rend les noms de ceux qui changent. Le numéro national, une fois là, y reste."""
    voulus = {"nom": saisie.nom, "prenom": saisie.prenom, "numero_cpx": saisie.numero_cpx}
    if saisie.email != (compte.email or ""):
        voulus["email"] = saisie.email
        compte.courriel_rejete_le = None
    if not compte.identifiant_national and saisie.identifiant_national:
        voulus["identifiant_national"] = saisie.identifiant_national
    changes = [champ for champ, valeur in voulus.items() if getattr(compte, champ) != valeur]
    for nom in changes:
        setattr(compte, nom, voulus[nom] or (None if nom == "email" else ""))
    return changes
