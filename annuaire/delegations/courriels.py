"""Courriels que motivent les délégations ; écrits dans la transaction de l’acte."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from annuaire.delegations.lectures import comptes_titulaires
from annuaire.enums import EtatDemande
from annuaire.models import Delegation, DemandeDelegation, Territoire
from annuaire.territoires.lectures import comptes_de
from comptes.courriels import ecrire, lien_public
from comptes.enums import Role
from comptes.models import Compte


def gestionnaires_prevenus(
    territoires: QuerySet[Territoire], *, instant: datetime
) -> dict[str, Compte | None]:
    """Adresses des gestionnaires de comptes de ces territoires, et leurs boîtes génériques."""
    boites = territoires.exclude(courriel_gestionnaires="").values_list("courriel_gestionnaires", flat=True)
    prevenus: dict[str, Compte | None] = dict.fromkeys(sorted(set(boites)))
    for compte in comptes_de(territoires, Role.GESTIONNAIRE_COMPTES, instant=instant).exclude(email=None):
        prevenus[compte.email or ""] = compte
    return prevenus


def annoncer_demande(demande: DemandeDelegation, prevenus: dict[str, Compte | None]) -> None:
    contexte = {
        "titulaire": str(demande.titulaire),
        "prenom": demande.prenom,
        "nom": demande.nom,
        "email": demande.email,
        "ville": demande.commune.nom,
        "lieux": " ; ".join(lieu.adresse_complete for lieu in demande.lieux.select_related("commune")),
        "fin_date": demande.fin_date,
        "possede_un_compte": Compte.objects.filter(email=demande.email).exists(),
        "lien": _lien("delegations:demandes"),
    }
    for destinataire, compte in prevenus.items():
        ecrire(
            gabarit="annuaire/demande_delegation",
            destinataire=destinataire,
            contexte=contexte,
            compte=compte,
        )


def annoncer_decision(demande: DemandeDelegation) -> None:
    """Au demandeur : refusée, avec le motif ; ou acceptée, et il lui reste à consentir."""
    contexte = {
        "prenom": demande.prenom,
        "nom": demande.nom,
        "titulaire": str(demande.titulaire),
        "est_acceptee": demande.etat == EtatDemande.ACCEPTEE,
        "motif": demande.motif,
        "lien": _lien("delegations:donnees"),
    }
    _ecrire_a([demande.demandeur], "annuaire/decision_delegation", contexte)


def demander_consentement(delegation: Delegation, *, instant: datetime) -> None:
    titulaires = comptes_titulaires(delegation.effecteur, delegation.structure, instant=instant)
    _ecrire_a(titulaires, "annuaire/consentement_delegation", _contexte(delegation))


def annoncer_ouverture(delegation: Delegation) -> None:
    delegataire = delegation.delegataire
    contexte = {
        "titulaire": str(delegation.titulaire),
        "prenom": delegataire.prenom,
        "nom": delegataire.nom,
        "dernier_jour": delegation.dernier_jour,
        "lien": _lien("delegations:recues"),
    }
    _ecrire_a([delegataire], "annuaire/ouverture_delegation", contexte)


def annoncer_revocation(delegation: Delegation, *, acteur: Compte, instant: datetime) -> None:
    """Au délégataire et au titulaire, sauf à celui qui révoque."""
    titulaires = comptes_titulaires(delegation.effecteur, delegation.structure, instant=instant)
    concernes = {compte.pk: compte for compte in (delegation.delegataire, *titulaires)}
    concernes.pop(acteur.pk, None)
    contexte = _contexte(delegation) | {
        "etait_consentie": delegation.consentie_le is not None,
        "par_le_delegataire": acteur.pk == delegation.delegataire_id,
    }
    _ecrire_a(concernes.values(), "annuaire/revocation_delegation", contexte)


def _contexte(delegation: Delegation) -> dict[str, Any]:
    return {
        "titulaire": str(delegation.titulaire),
        "delegataire": str(delegation.delegataire),
        "lien": _lien("delegations:delegation", delegation_id=delegation.pk),
    }


def _lien(route: str, **arguments: Any) -> str:
    return lien_public(reverse(route, kwargs=arguments))


def _ecrire_a(comptes: Iterable[Compte], gabarit: str, contexte: dict[str, Any]) -> None:
    for compte in comptes:
        if compte.email:
            ecrire(gabarit=gabarit, destinataire=compte.email, contexte=contexte, compte=compte)
