"""Ce qui est revenu des éditeurs, pour le régulateur qui avait orienté ou envoyé le patient chez eux."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from agenda.models import Editeur
from annuaire.models import LieuExercice
from comptes.models import Compte
from orientation.enums import Rattachement, StatutRendezVous
from orientation.models import Redirection, RendezVous
from orientation.rendu import FUSEAU_DE_PARIS, Resume, moment, resume

DEPARTS_MAX = 100
# Couleur du badge du système de design ; l’annulation n’en a pas.
BADGES = {
    StatutRendezVous.EN_ATTENTE: "info",
    StatutRendezVous.CONFIRME: "success",
    StatutRendezVous.HONORE: "success",
    StatutRendezVous.ABSENT: "warning",
    StatutRendezVous.ANNULE: "",
}


@dataclass(frozen=True, slots=True)
class Retour:
    """Un rendez-vous, à l’heure de son lieu ; `vers` nomme le professionnel s’il n’est pas celui de l’acte."""

    statut: str
    badge: str
    quand: str
    annonce: str
    vers: str


@dataclass(frozen=True, slots=True)
class Depart:
    """`resume` est nul, et `quand` vide, pour un départ vers la place de marché."""

    resume: Resume | None
    quand: str
    parti: str
    par: str
    editeur: str
    retours: list[Retour]


@dataclass(frozen=True, slots=True)
class SansActe:
    """Rendez-vous pris au nom du régulateur, sans départ ni orientation retrouvés."""

    titre: str
    editeur: str
    est_ambigu: bool
    retour: Retour


def retours_des_orientations(orientation_ids: Collection[int]) -> dict[int, list[Retour]]:
    """Une requête ; une orientation sans rendez-vous n’y est pas."""
    par_orientation: dict[int, list[Retour]] = defaultdict(list)
    lus = RendezVous.objects.filter(orientation__in=orientation_ids).select_related("orientation__lieu")
    for rendez_vous in lus.pour_affichage():
        assert rendez_vous.orientation is not None
        retour = _retour(rendez_vous, rendez_vous.orientation.lieu)
        par_orientation[rendez_vous.orientation.pk].append(retour)
    return dict(par_orientation)


def departs(compte: Compte, debut: datetime, fin: datetime) -> list[Depart]:
    """Ceux de la période, et ceux dont un rendez-vous y a changé ; les derniers d’abord. Deux requêtes."""
    touches = RendezVous.objects.filter(redirection=OuterRef("pk"), modifie_le__gte=debut, modifie_le__lt=fin)
    siens = Redirection.objects.filter(acteur=compte)
    return decrire_departs(siens.filter(Q(le__gte=debut, le__lt=fin) | Exists(touches)))


def decrire_departs(redirections: QuerySet[Redirection]) -> list[Depart]:
    """Les derniers d’abord, `DEPARTS_MAX` au plus, et les rendez-vous qui en sont revenus. Deux requêtes."""
    autour = ("acteur", "editeur", "lieu__effecteur__profession", "lieu__structure", "lieu__commune")
    actes = list(redirections.select_related(*autour).order_by("-le", "-pk")[:DEPARTS_MAX])
    revenus: dict[int, list[RendezVous]] = defaultdict(list)
    for rendez_vous in RendezVous.objects.filter(redirection__in=actes).pour_affichage():
        revenus[rendez_vous.redirection_id or 0].append(rendez_vous)
    return [_depart(acte, revenus[acte.pk]) for acte in actes]


def sans_acte(compte: Compte, debut: datetime, fin: datetime) -> list[SansActe]:
    """Rendez-vous du régulateur reçus ou changés dans la période, que rien ne rattache. Une requête."""
    lus = RendezVous.objects.du_regulateur(compte).non_rattaches()
    lus = lus.filter(modifie_le__gte=debut, modifie_le__lt=fin).pour_affichage()
    return [
        SansActe(
            titre=_qui(rendez_vous) or "Professionnel à préciser",
            editeur=rendez_vous.editeur.nom,
            est_ambigu=rendez_vous.rattachement == Rattachement.AMBIGU,
            retour=replace(_retour(rendez_vous, rendez_vous.lieu), vers=""),
        )
        for rendez_vous in lus[:DEPARTS_MAX]
    ]


def _depart(acte: Redirection, rendez_vous: Iterable[RendezVous]) -> Depart:
    editeur: Editeur = acte.editeur
    return Depart(
        resume=resume(acte.lieu) if acte.lieu else None,
        quand=moment(acte.debut, None, acte.lieu.fuseau, est_plage=False) if acte.lieu and acte.debut else "",
        parti=moment(acte.le, None, FUSEAU_DE_PARIS, est_plage=False),
        par=str(acte.acteur or ""),
        editeur=editeur.nom,
        retours=[_retour(un, acte.lieu) for un in rendez_vous],
    )


def _retour(rendez_vous: RendezVous, lieu: LieuExercice | None) -> Retour:
    """`lieu` est celui de l’acte ; le rendez-vous peut en avoir un autre, qui dit alors l’heure."""
    ou = rendez_vous.lieu or lieu
    fuseau = ou.fuseau if ou else FUSEAU_DE_PARIS
    prevu = lieu.effecteur_id if lieu else None
    connu = rendez_vous.effecteur_identifiant or rendez_vous.effecteur_id
    autre = connu and (prevu is None or rendez_vous.effecteur_id != prevu)
    return Retour(
        statut=StatutRendezVous(rendez_vous.statut).label,
        badge=BADGES[StatutRendezVous(rendez_vous.statut)],
        quand=moment(rendez_vous.debut, None, fuseau, est_plage=False),
        annonce=moment(rendez_vous.modifie_le, None, fuseau, est_plage=False),
        vers=_qui(rendez_vous) if autre else "",
    )


def _qui(rendez_vous: RendezVous) -> str:
    if rendez_vous.effecteur is not None:
        return str(rendez_vous.effecteur)
    return "Professionnel inconnu de l’annuaire" if rendez_vous.effecteur_identifiant else ""
