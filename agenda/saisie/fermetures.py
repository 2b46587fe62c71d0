"""Fermer un lieu, ou tous ceux d’un effecteur : congés, demi-journée, « plus disponible aujourd’hui »."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from agenda.domaine.saisie import Refus
from agenda.models import Indisponibilite, Reservation
from agenda.offre import verrouiller
from agenda.saisie.actions import SaisieRefusee
from agenda.saisie.journal import Journal, geste
from annuaire.models import LieuExercice
from comptes.models import Compte

DUREE_MAX = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Fermeture:
    """Une période posée, et les places déjà tenues dedans : elles restent, mais il faut prévenir la régulation."""

    lieu: LieuExercice
    indisponibilite: Indisponibilite
    tenues: tuple[Reservation, ...]


def fermer(
    *,
    lieux: Iterable[LieuExercice],
    debut: datetime,
    fin: datetime | None,
    auteur: Compte,
    maintenant: datetime,
) -> list[Fermeture]:
    """Ferme ces lieux sur la même période. Lève `SaisieRefusee`."""
    periodes = [(lieu, debut, fin) for lieu in lieux]
    return fermer_sur(periodes=periodes, auteur=auteur, maintenant=maintenant)


@transaction.atomic
def fermer_sur(
    *,
    periodes: Iterable[tuple[LieuExercice, datetime, datetime | None]],
    auteur: Compte,
    maintenant: datetime,
) -> list[Fermeture]:
    """Ferme chaque lieu sur sa période [debut, fin[, d’un seul geste ; `fin` nulle : jusqu’à nouvel ordre.

    Les périodes que la nouvelle recouvre s’y fondent : elles ne se chevauchent
    jamais (contrainte). Lève `SaisieRefusee`.
    """
    voulues = sorted(periodes, key=lambda periode: (periode[0].pk, periode[1]))
    _verifier(voulues, maintenant)
    verrouiller({lieu.pk for lieu, _, _ in voulues})
    groupe = uuid4() if len(voulues) > 1 else None
    posees = []
    for lieu, debut, fin in voulues:
        libelle = "Fermeture pour une durée indéterminée" if fin is None else "Fermeture"
        with geste(
            lieu=lieu, libelle=libelle, auteur=auteur, maintenant=maintenant, groupe=groupe
        ) as journal:
            tenues = places_tenues(lieu, debut, fin)
            posees.append(Fermeture(lieu, _fondre(journal, lieu, debut, fin), tenues))
    return posees


def fermer_aujourd_hui(
    *, lieux: Sequence[LieuExercice], auteur: Compte, maintenant: datetime
) -> list[Fermeture]:
    """« Plus disponible aujourd’hui » : de maintenant à minuit, à l’heure de chaque lieu."""
    periodes = [(lieu, maintenant, _minuit_suivant(lieu, maintenant)) for lieu in lieux]
    return fermer_sur(periodes=periodes, auteur=auteur, maintenant=maintenant)


def rouvrir(*, indisponibilite: Indisponibilite, auteur: Compte, maintenant: datetime) -> None:
    """Met fin à une période : elle s’arrête maintenant si elle a commencé, sinon elle disparaît."""
    lieu = indisponibilite.lieu
    with geste(lieu=lieu, libelle="Réouverture", auteur=auteur, maintenant=maintenant) as journal:
        actuelle = Indisponibilite.objects.filter(pk=indisponibilite.pk).first()
        if actuelle is None or (actuelle.periode.upper and actuelle.periode.upper <= maintenant):
            raise SaisieRefusee([Refus("", "Cette période est déjà finie.")])
        if actuelle.periode.lower < maintenant:
            journal.changer(actuelle, periode=DateTimeTZRange(actuelle.periode.lower, maintenant))
        else:
            journal.supprimer(actuelle)


def places_tenues(lieu: LieuExercice, debut: datetime, fin: datetime | None) -> tuple[Reservation, ...]:
    """Places tenues que la période toucherait, la plus proche d’abord."""
    tenues = Reservation.objects.filter(disponibilite__lieu=lieu, annulee_le=None, fin__gt=debut)
    if fin is not None:
        tenues = tenues.filter(debut__lt=fin)
    return tuple(tenues.select_related("disponibilite").order_by("debut", "pk"))


def _verifier(
    periodes: Sequence[tuple[LieuExercice, datetime, datetime | None]], maintenant: datetime
) -> None:
    refus = [] if periodes else [Refus("lieux", "Choisissez au moins un lieu d’exercice.")]
    for _, debut, fin in periodes:
        if fin is not None and fin <= debut:
            refus.append(Refus("fin", "La date de fin ne peut pas être antérieure à la date de début."))
        elif fin is not None and fin <= maintenant:
            refus.append(Refus("fin", "Cette période est déjà finie."))
        if debut > maintenant + DUREE_MAX or (fin is not None and fin - debut > DUREE_MAX):
            refus.append(Refus("debut", "Une période commence et tient dans les deux ans."))
    if refus:
        raise SaisieRefusee(list(dict.fromkeys(refus)))


def _fondre(journal: Journal, lieu: LieuExercice, debut: datetime, fin: datetime | None) -> Indisponibilite:
    voisines = Indisponibilite.objects.filter(lieu=lieu, periode__overlap=DateTimeTZRange(debut, fin))
    for voisine in voisines.order_by("pk"):
        debut = min(debut, voisine.periode.lower)
        fin = None if fin is None or voisine.periode.upper is None else max(fin, voisine.periode.upper)
        journal.supprimer(voisine)
    return journal.creer(Indisponibilite(lieu=lieu, periode=DateTimeTZRange(debut, fin)))


def _minuit_suivant(lieu: LieuExercice, maintenant: datetime) -> datetime:
    fuseau = ZoneInfo(lieu.fuseau)
    demain = maintenant.astimezone(fuseau).date() + timedelta(days=1)
    return datetime.combine(demain, time.min, tzinfo=fuseau)
