"""Demander, accorder, consentir, révoquer une délégation.

Chaque changement d’état est un UPDATE gardé par l’état attendu : de deux
gestes simultanés, la base n’en retient qu’un, et l’autre est refusé.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction

from annuaire.delegations import courriels
from annuaire.delegations.lectures import (
    comptes_titulaires,
    demandees_par,
    demandes_gerees,
    effecteurs_geres,
    est_titulaire,
    structures_gerees,
    visibles_par,
)
from annuaire.enums import EtatDemande
from annuaire.models import (
    Commune,
    Delegation,
    DemandeDelegation,
    Effecteur,
    LieuExercice,
    Structure,
    Territoire,
)
from comptes.actions import tracer
from comptes.enums import Role
from comptes.local.actions import inviter
from comptes.models import Compte, Habilitation
from sas_platform.socle.jours import fin_du_jour


class DelegationRefusee(Exception):
    """Refus à montrer tel quel ; `champ` : celui du formulaire où il se pose."""

    def __init__(self, message: str, champ: str = "") -> None:
        super().__init__(message)
        self.champ = champ


class AucunGestionnaire(DelegationRefusee):
    """Personne ne recevrait la demande (U-22)."""


class EtatChange(DelegationRefusee):
    """Quelqu’un d’autre, ou un double clic, est passé avant."""


@transaction.atomic
def demander(
    *,
    demandeur: Compte,
    prenom: str,
    nom: str,
    email: str,
    commune: Commune,
    maintenant: datetime,
    effecteur: Effecteur | None = None,
    structure: Structure | None = None,
    lieux: Collection[LieuExercice] = (),
    fin_date: date | None = None,
) -> DemandeDelegation:
    """Enregistre la demande et prévient les gestionnaires de comptes des territoires de la ville.

    Lève `AucunGestionnaire` ou `DelegationRefusee`.
    """
    if not est_titulaire(demandeur, effecteur, structure, instant=maintenant):
        raise DelegationRefusee(
            "Vous ne pouvez demander une délégation qu’en votre nom ou pour vos structures."
        )
    email = email.strip().lower()
    _verifier_les_lieux(effecteur, lieux)
    titulaires = comptes_titulaires(effecteur, structure, instant=maintenant)
    if titulaires.filter(email=email).exists():
        raise DelegationRefusee("Cette adresse est la vôtre : vous n’avez pas besoin de délégation.", "email")
    if fin_date is not None and fin_du_jour(fin_date, ZoneInfo(commune.departement.fuseau)) <= maintenant:
        raise DelegationRefusee("Cette date est passée.", "fin_date")
    en_vigueur = Delegation.objects.vivantes(maintenant).filter(effecteur=effecteur, structure=structure)
    if en_vigueur.filter(delegataire__email=email).exists():
        raise DelegationRefusee("Cette personne a déjà délégation.", "email")
    territoires = Territoire.objects.couvrant(commune)
    prevenus = courriels.gestionnaires_prevenus(territoires, instant=maintenant)
    if not prevenus:
        raise AucunGestionnaire("Il n’existe actuellement aucun administrateur pour votre région.", "commune")
    demande = DemandeDelegation(
        demandeur=demandeur,
        effecteur=effecteur,
        structure=structure,
        prenom=prenom,
        nom=nom,
        email=email,
        commune=commune,
        fin_date=fin_date,
        creee_le=maintenant,
    )
    try:
        with transaction.atomic():
            demande.save()
    except IntegrityError:
        raise DelegationRefusee("Une demande est déjà en cours pour cette personne.", "email") from None
    demande.lieux.set(lieux)
    courriels.annoncer_demande(demande, prevenus)
    tracer(
        acteur=demandeur,
        verbe="delegation.demandee",
        objet=f"demande_delegation:{demande.pk}",
        **_qui(demande),
    )
    return demande


@transaction.atomic
def annuler_demande(*, demande: DemandeDelegation, acteur: Compte, maintenant: datetime) -> None:
    """Lève `EtatChange` si la demande est déjà close."""
    if not demandees_par(acteur, instant=maintenant).filter(pk=demande.pk).exists():
        raise DelegationRefusee("Seul le demandeur annule sa demande.")
    _clore(demande, EtatDemande.ANNULEE, acteur, maintenant)
    tracer(
        acteur=acteur,
        verbe="delegation.demande_annulee",
        objet=f"demande_delegation:{demande.pk}",
        **_qui(demande),
    )


@transaction.atomic
def refuser(*, demande: DemandeDelegation, acteur: Compte, motif: str, maintenant: datetime) -> None:
    """Lève `EtatChange` si la demande est déjà close."""
    _verifier_gestionnaire(demande, acteur, maintenant)
    _clore(demande, EtatDemande.REFUSEE, acteur, maintenant, motif=motif)
    courriels.annoncer_decision(demande)
    tracer(
        acteur=acteur,
        verbe="delegation.demande_refusee",
        objet=f"demande_delegation:{demande.pk}",
        **_qui(demande),
    )


@transaction.atomic
def accepter(*, demande: DemandeDelegation, acteur: Compte, maintenant: datetime) -> Delegation:
    """Trouve ou crée le compte du délégataire, et lui accorde une délégation que le titulaire doit consentir.

    Lève `EtatChange` si la demande est déjà close, `DelegationRefusee` si le compte ne convient pas.
    """
    _verifier_gestionnaire(demande, acteur, maintenant)
    _clore(demande, EtatDemande.ACCEPTEE, acteur, maintenant)
    fin_le = (
        fin_du_jour(demande.fin_date, ZoneInfo(demande.commune.departement.fuseau))
        if demande.fin_date
        else None
    )
    if fin_le is not None and fin_le <= maintenant:
        raise DelegationRefusee("La date de fin demandée est passée : refusez la demande, en le disant.")
    delegataire = compte_du_delegataire(
        prenom=demande.prenom, nom=demande.nom, email=demande.email, acteur=acteur, maintenant=maintenant
    )
    delegation = _accorder(
        delegataire=delegataire,
        acteur=acteur,
        effecteur=demande.effecteur,
        structure=demande.structure,
        lieux=list(demande.lieux.all()),
        fin_le=fin_le,
        maintenant=maintenant,
        demande=demande,
    )
    courriels.annoncer_decision(demande)
    tracer(
        acteur=acteur,
        verbe="delegation.accordee",
        objet=f"delegation:{delegation.pk}",
        demande=demande.pk,
        delegataire=delegataire.pk,
        **_qui(delegation),
    )
    return delegation


@transaction.atomic
def accorder(
    *,
    delegataire: Compte,
    acteur: Compte,
    effecteur: Effecteur | None = None,
    structure: Structure | None = None,
    lieux: Collection[LieuExercice] = (),
    fin_le: datetime | None = None,
    maintenant: datetime,
) -> Delegation:
    """Délégation sans demande, par un gestionnaire de comptes ou par le titulaire, qui y consent alors aussitôt.

    Accordée par un gestionnaire, elle ne donne aucun droit tant que le titulaire n’y consent pas.
    Lève `DelegationRefusee`.
    """
    consentie = est_titulaire(acteur, effecteur, structure, instant=maintenant)
    if not consentie and not _gere(acteur, effecteur, structure, maintenant):
        raise DelegationRefusee(
            "L’utilisateur que vous souhaitez créer exerce en dehors de votre territoire de compétences."
        )
    delegation = _accorder(
        delegataire=delegataire,
        acteur=acteur,
        effecteur=effecteur,
        structure=structure,
        lieux=lieux,
        fin_le=fin_le,
        maintenant=maintenant,
        consentie=consentie,
    )
    if consentie:
        courriels.annoncer_ouverture(delegation)
    else:
        courriels.demander_consentement(delegation, instant=maintenant)
    tracer(
        acteur=acteur,
        verbe="delegation.accordee",
        objet=f"delegation:{delegation.pk}",
        delegataire=delegataire.pk,
        **_qui(delegation),
    )
    return delegation


@transaction.atomic
def inviter_et_accorder(
    *,
    prenom: str,
    nom: str,
    email: str,
    acteur: Compte,
    maintenant: datetime,
    effecteur: Effecteur | None = None,
    structure: Structure | None = None,
    fin_date: date | None = None,
) -> Delegation:
    """Délégation accordée à qui n’a peut-être pas encore de compte. Lève `DelegationRefusee`."""
    delegataire = compte_du_delegataire(
        prenom=prenom, nom=nom, email=email, acteur=acteur, maintenant=maintenant
    )
    return accorder(
        delegataire=delegataire,
        acteur=acteur,
        effecteur=effecteur,
        structure=structure,
        fin_le=fin_du_jour(fin_date, ZoneInfo(settings.TIME_ZONE)) if fin_date else None,
        maintenant=maintenant,
    )


@transaction.atomic
def consentir(*, delegation: Delegation, acteur: Compte, maintenant: datetime) -> None:
    """Le titulaire consent : la délégation donne ses droits dès maintenant.

    Lève `EtatChange` si elle a été révoquée, a fini, ou l’était déjà.
    """
    if not est_titulaire(acteur, delegation.effecteur, delegation.structure, instant=maintenant):
        raise DelegationRefusee("Seul le titulaire consent à une délégation.")
    a_consentir = Delegation.objects.vivantes(maintenant).filter(pk=delegation.pk, consentie_le=None)
    if not a_consentir.update(consentie_le=maintenant, consentie_par=acteur, modifie_le=maintenant):
        raise EtatChange("Cette délégation n’attend plus votre consentement.")
    delegation.refresh_from_db()
    courriels.annoncer_ouverture(delegation)
    tracer(
        acteur=acteur,
        verbe="delegation.consentie",
        objet=f"delegation:{delegation.pk}",
        delegataire=delegation.delegataire_id,
        **_qui(delegation),
    )


@transaction.atomic
def revoquer(*, delegation: Delegation, acteur: Compte, maintenant: datetime) -> None:
    """Le titulaire révoque (ou refuse de consentir), le délégataire renonce, ou le gestionnaire clôt.

    Les droits cessent à la requête suivante. Lève `EtatChange` si elle est déjà close.
    """
    if not visibles_par(acteur, instant=maintenant).filter(pk=delegation.pk).exists():
        raise DelegationRefusee("Vous ne pouvez pas révoquer cette délégation.")
    clore(delegation=delegation, acteur=acteur, maintenant=maintenant)


@transaction.atomic
def clore(*, delegation: Delegation, acteur: Compte, maintenant: datetime) -> None:
    """`revoquer`, pour qui en a déjà vérifié le droit : fermer un rôle ferme aussi ce qui n’est d’aucun territoire."""
    vivante = Delegation.objects.vivantes(maintenant).filter(pk=delegation.pk)
    if not vivante.update(revoquee_le=maintenant, revoquee_par=acteur, modifie_le=maintenant):
        raise EtatChange("Cette délégation est déjà close.")
    delegation.refresh_from_db()
    courriels.annoncer_revocation(delegation, acteur=acteur, instant=maintenant)
    tracer(
        acteur=acteur,
        verbe="delegation.revoquee",
        objet=f"delegation:{delegation.pk}",
        delegataire=delegation.delegataire_id,
        **_qui(delegation),
    )


def compte_du_delegataire(
    *, prenom: str, nom: str, email: str, acteur: Compte, maintenant: datetime
) -> Compte:
    """Le compte de cette adresse, ou un nouveau, qui reçoit son lien d’activation. Dans une transaction."""
    compte, est_nouveau = Compte.objects.get_or_create(
        email=email.strip().lower(), defaults={"prenom": prenom, "nom": nom}
    )
    if est_nouveau:
        inviter(compte=compte, maintenant=maintenant)
        tracer(acteur=acteur, verbe="compte.cree", objet=f"compte:{compte.pk}", role=Role.DELEGATAIRE)
    return compte


def _accorder(
    *,
    delegataire: Compte,
    acteur: Compte,
    effecteur: Effecteur | None,
    structure: Structure | None,
    lieux: Collection[LieuExercice],
    fin_le: datetime | None,
    maintenant: datetime,
    consentie: bool = False,
    demande: DemandeDelegation | None = None,
) -> Delegation:
    """Donne le rôle au délégataire s’il ne l’a pas, et crée la délégation ; sans trace ni courriel."""
    _verifier_les_lieux(effecteur, lieux)
    # Verrou sur le compte : une même personne ne reçoit pas deux fois le rôle.
    delegataire = Compte.objects.select_for_update(of=("self",)).get(pk=delegataire.pk)
    if not delegataire.is_active:
        raise DelegationRefusee("Ce compte est désactivé : réactivez-le d’abord.", "email")
    if est_titulaire(delegataire, effecteur, structure, instant=maintenant):
        raise DelegationRefusee("Le titulaire n’a pas besoin de délégation.", "email")
    en_cours = delegataire.habilitations.filter(role=Role.DELEGATAIRE).en_cours(maintenant)
    if not en_cours.exists():
        Habilitation.objects.create(compte=delegataire, role=Role.DELEGATAIRE, debut_le=maintenant)
    delegation = Delegation(
        delegataire=delegataire,
        effecteur=effecteur,
        structure=structure,
        demande=demande,
        accordee_par=acteur,
        debut_le=maintenant,
        fin_le=fin_le,
        consentie_le=maintenant if consentie else None,
        consentie_par=acteur if consentie else None,
    )
    try:
        with transaction.atomic():
            delegation.save()
    except IntegrityError as erreur:
        if "sans_chevauchement" not in str(erreur):
            raise
        raise DelegationRefusee("Cette personne a déjà délégation.", "email") from None
    delegation.lieux.set(lieux)
    return delegation


def _clore(
    demande: DemandeDelegation, etat: EtatDemande, acteur: Compte, maintenant: datetime, motif: str = ""
) -> None:
    ouverte = DemandeDelegation.objects.filter(pk=demande.pk, etat=EtatDemande.OUVERTE)
    if not ouverte.update(etat=etat, motif=motif, traitee_le=maintenant, traitee_par=acteur):
        raise EtatChange("Cette demande a déjà été traitée.")
    demande.refresh_from_db()


def _verifier_les_lieux(effecteur: Effecteur | None, lieux: Collection[LieuExercice]) -> None:
    """Seul un effecteur restreint sa délégation : celle d’une structure vaut pour toute la structure."""
    if any(effecteur is None or lieu.effecteur_id != effecteur.pk for lieu in lieux):
        raise DelegationRefusee("Ces lieux ne sont pas ceux de l’effecteur.", "lieux")


def _verifier_gestionnaire(demande: DemandeDelegation, acteur: Compte, maintenant: datetime) -> None:
    if not demandes_gerees(acteur, instant=maintenant).filter(pk=demande.pk).exists():
        raise DelegationRefusee("Cette demande n’est pas de vos territoires.")


def _gere(
    acteur: Compte, effecteur: Effecteur | None, structure: Structure | None, maintenant: datetime
) -> bool:
    if effecteur is not None:
        return effecteurs_geres(acteur, instant=maintenant).filter(pk=effecteur.pk).exists()
    if structure is not None:
        return structures_gerees(acteur, instant=maintenant).filter(pk=structure.pk).exists()
    return False


def _qui(objet: Delegation | DemandeDelegation) -> dict[str, int]:
    """Au nom de qui, en identifiants seuls."""
    if objet.effecteur_id is not None:
        return {"effecteur": objet.effecteur_id}
    assert objet.structure_id is not None
    return {"structure": objet.structure_id}
