"""Réunir un professionnel et son ancien identifiant national : son agenda, sa participation et son compte le suivent.

Le calcul compte déjà ensemble les deux identifiants (`remuneration.calcul.identifiants`) ;
ce qui se saisit, lui, est attaché à l’ancien. Aucun fait n’est récrit : ni orientation, ni acte,
ni décompte, ni fichier, et une période close se relit telle quelle.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction

from agenda.models import AgendaEditeur, Disponibilite, Indisponibilite, Raccordement
from agenda.offre.projection import rafraichir
from annuaire.enums import EtatDemande
from annuaire.models import Delegation, DemandeDelegation, Effecteur, LieuExercice
from comptes.actions import tracer
from comptes.models import Compte
from orientation.models import Orientation, PreferenceAvis
from participation.models import Participation
from remuneration.models import Succession

_ECHANGE = "reuni-"  # la clé du lieu vide que l’ancien identifiant reçoit en échange


class ReunionRefusee(Exception):
    """Ces deux identifiants ne sont pas ceux d’une même personne, ou pas encore ; le message est montrable."""


@dataclass(slots=True)
class Reunion:
    """Ce qui a suivi, et ce qui est resté à l’ancien identifiant parce que le nouveau l’avait déjà."""

    ancien: Effecteur
    nouveau: Effecteur
    suivis: list[str] = field(default_factory=list)
    laisses: list[str] = field(default_factory=list)


@transaction.atomic
def reunir(ancien: Effecteur, nouveau: Effecteur, *, maintenant: datetime) -> Reunion:
    """Rejouable : la seconde fois, plus rien ne suit. Lève `ReunionRefusee`."""
    _refuser(ancien, nouveau)
    reunion = Reunion(ancien, nouveau)
    _, est_nouvelle = Succession.objects.get_or_create(
        ancien=ancien, defaults={"nouveau": nouveau, "le": maintenant}
    )
    if est_nouvelle:
        reunion.suivis.append("les actes, à compter de ce jour")
    _reprendre_les_raccordements(reunion, maintenant)
    _reprendre_les_lieux(reunion, maintenant)
    _reprendre_les_reglages(reunion)
    _reprendre_les_delegations(reunion, maintenant)
    _reprendre_le_compte(reunion)
    if reunion.suivis:
        tracer(acteur=None, verbe="effecteur.reuni", objet=f"effecteur:{nouveau.pk}", ancien=ancien.pk)
    return reunion


def _refuser(ancien: Effecteur, nouveau: Effecteur) -> None:
    if not (ancien.identifiant_national.startswith("0") and nouveau.identifiant_national.startswith("8")):
        raise ReunionRefusee("Un ADELI (précédé de 0) devient un RPPS (précédé de 8), et rien d’autre.")
    if ancien.est_actif or not nouveau.est_actif:
        raise ReunionRefusee("L’ancien identifiant doit avoir quitté l’annuaire, et le nouveau y être.")
    if ancien.profession_id != nouveau.profession_id:
        raise ReunionRefusee("Les deux identifiants ne sont pas de la même profession.")
    if Succession.objects.filter(ancien=ancien).exclude(nouveau=nouveau).exists():
        raise ReunionRefusee("Un autre identifiant a déjà succédé à celui-là.")


def _reprendre_les_raccordements(reunion: Reunion, maintenant: datetime) -> None:
    """L’éditeur ne répond plus d’un identifiant parti : ce qu’on y avait lu vieillirait sous les yeux de tous."""
    anciens = Raccordement.objects.filter(effecteur=reunion.ancien)
    deja = Raccordement.objects.filter(effecteur=reunion.nouveau)
    doubles = anciens.filter(editeur__in=deja.values("editeur"))
    for raccordement in doubles.select_related("editeur").order_by("editeur__nom", "pk"):
        reunion.laisses.append(
            f"le raccordement à {raccordement.editeur} du nouvel identifiant, qui remplace l’ancien"
        )
    montres = AgendaEditeur.objects.filter(raccordement__in=doubles).order_by("lieu")
    lieux = list(montres.values_list("lieu", flat=True).distinct())
    doubles.delete()
    rafraichir(lieux, maintenant)
    if anciens.update(effecteur=reunion.nouveau):
        reunion.suivis.append("les raccordements aux éditeurs")


def _reprendre_les_lieux(reunion: Reunion, maintenant: datetime) -> None:
    """L’ancien lieu, avec tout ce qui y tient, prend la place de celui que l’annuaire vient de créer au même endroit."""
    nouveaux = list(reunion.nouveau.lieux.filter(est_actif=True).order_by("pk"))
    for avant in reunion.ancien.lieux.exclude(cle__startswith=_ECHANGE).order_by("pk"):
        apres = next((lieu for lieu in nouveaux if _meme_endroit(avant, lieu)), None)
        if apres is None:
            continue
        nouveaux.remove(apres)
        if _est_tenu(apres):
            reunion.laisses.append(f"l’agenda de {avant}, tenu sous le nouvel identifiant")
            continue
        siens = LieuExercice.objects.filter(pk=avant.pk)
        LieuExercice.objects.filter(pk=apres.pk).update(
            effecteur=reunion.ancien, cle=f"{_ECHANGE}{apres.pk}", est_actif=False
        )
        # La clé du nouveau : le prochain import reconnaît le lieu, et met son adresse à jour.
        siens.update(effecteur=reunion.nouveau, cle=apres.cle, source=apres.source, est_actif=True)
        rafraichir([avant.pk, apres.pk], maintenant)
        reunion.suivis.append(f"le lieu {avant} et son agenda")


def _meme_endroit(avant: LieuExercice, apres: LieuExercice) -> bool:
    """Comme `remuneration.calcul.identifiants` : la clé du site, ou la même voie dans la même commune."""
    meme_voie = avant.adresse == apres.adresse and avant.adresse != ""
    return avant.commune_id == apres.commune_id and (avant.cle == apres.cle or meme_voie)


def _est_tenu(lieu: LieuExercice) -> bool:
    tenants = (Disponibilite, Indisponibilite, AgendaEditeur, Orientation)
    return any(modele._default_manager.filter(lieu=lieu).exists() for modele in tenants)


def _reprendre_les_reglages(reunion: Reunion) -> None:
    for modele, nom in ((Participation, "la participation"), (PreferenceAvis, "les avis demandés")):
        ancienne = modele._default_manager.filter(effecteur=reunion.ancien)
        if not ancienne.exists():
            continue
        if modele._default_manager.filter(effecteur=reunion.nouveau).exists():
            reunion.laisses.append(f"{nom}, déjà réglée sous le nouvel identifiant")
        else:
            ancienne.update(effecteur=reunion.nouveau)
            reunion.suivis.append(nom)


def _reprendre_les_delegations(reunion: Reunion, maintenant: datetime) -> None:
    """Avec les demandes ; d’une même personne, seule celle du nouvel identifiant reste ouverte."""
    demandes = DemandeDelegation.objects.filter(effecteur=reunion.ancien)
    siennes = DemandeDelegation.objects.filter(effecteur=reunion.nouveau, etat=EtatDemande.OUVERTE)
    doubles = demandes.filter(etat=EtatDemande.OUVERTE, email__in=siennes.values("email"))
    if doubles.update(etat=EtatDemande.ANNULEE, traitee_le=maintenant):
        reunion.laisses.append("la demande de délégation du nouvel identifiant, qui remplace l’ancienne")
    if demandes.update(effecteur=reunion.nouveau):
        reunion.suivis.append("les demandes de délégation")
    suivies = [_suit(delegation, reunion.nouveau) for delegation in reunion.ancien.delegations.order_by("pk")]
    if any(suivies):
        reunion.suivis.append("les délégations")
    if not all(suivies):
        reunion.laisses.append("la délégation de qui en a déjà une sous le nouvel identifiant")


def _suit(delegation: Delegation, effecteur: Effecteur) -> bool:
    try:
        with transaction.atomic():
            Delegation.objects.filter(pk=delegation.pk).update(effecteur=effecteur)
    except IntegrityError:  # la base n’en admet pas deux à la fois pour une même personne
        return False
    return True


def _reprendre_le_compte(reunion: Reunion) -> None:
    identifiants = (reunion.ancien.identifiant_national, reunion.nouveau.identifiant_national)
    comptes = {
        c.identifiant_national: c for c in Compte.objects.filter(identifiant_national__in=identifiants)
    }
    if len(comptes) == 2:
        reunion.laisses.append("le compte, il y en a un sous chaque identifiant")
    elif identifiants[0] in comptes:
        Compte.objects.filter(pk=comptes[identifiants[0]].pk).update(identifiant_national=identifiants[1])
        reunion.suivis.append("le compte")
