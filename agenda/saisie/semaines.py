"""Recopier une semaine, la garder comme modèle, la rejouer ; ajouter une place ce soir."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from agenda.domaine.heures import semaine_de
from agenda.domaine.recurrence import developper
from agenda.domaine.saisie import AVENIR_MAX, Refus
from agenda.enums import Genre
from agenda.models import Disponibilite, Reservation, SemaineType
from agenda.saisie.actions import SaisieRefusee
from agenda.saisie.journal import Journal, geste
from annuaire.models import LieuExercice
from comptes.actions import tracer
from comptes.models import Compte

SOIR = time(18)
PLAGE_DU_SOIR = (time(18), time(20))
SEMAINES_MAX = 12


@dataclass(frozen=True, slots=True, order=True)
class Horaire:
    """Un horaire d’une semaine modèle ; `jour` : 1 pour lundi … 7 pour dimanche."""

    jour: int
    debut: time
    fin: time
    genre: str
    capacite: int
    modalites: tuple[str, ...]


def horaires_de_la_semaine(lieu: LieuExercice, lundi: date) -> list[Horaire]:
    """Ce qu’ouvre l’agenda saisi cette semaine-là, à l’heure du lieu, dans l’ordre."""
    fuseau = ZoneInfo(lieu.fuseau)
    semaine = semaine_de(lundi, fuseau)
    return sorted(
        Horaire(
            jour=occurrence.debut.astimezone(fuseau).isoweekday(),
            debut=ligne.heure_debut,
            fin=ligne.heure_fin,
            genre=ligne.genre,
            capacite=ligne.capacite,
            modalites=tuple(ligne.modalites),
        )
        for ligne in Disponibilite.objects.filter(lieu=lieu)
        for occurrence in developper(ligne.regle(lieu.fuseau), semaine)
        if semaine.contient(occurrence.debut)
    )


def copier_semaine(
    *,
    lieu: LieuExercice,
    source: date,
    cible: date,
    nombre: int,
    auteur: Compte,
    maintenant: datetime,
) -> int:
    """Recopie la semaine de `source` sur les `nombre` semaines à partir de celle de `cible` ; rend ce qui est ajouté.

    Ce qui s’y trouve déjà à l’identique n’est pas doublé ; le passé est sauté.
    Lève `SaisieRefusee`.
    """
    horaires = horaires_de_la_semaine(lieu, source)
    if not horaires:
        raise SaisieRefusee([Refus("source", "Cette semaine n’a aucune disponibilité à recopier.")])
    with geste(lieu=lieu, libelle="Copie d’une semaine", auteur=auteur, maintenant=maintenant) as journal:
        return _poser(journal, lieu, horaires, cible, nombre, maintenant)


@transaction.atomic
def garder_semaine(*, lieu: LieuExercice, nom: str, source: date, auteur: Compte) -> SemaineType:
    """Garde la semaine comme modèle du lieu ; le même nom la remplace. Lève `SaisieRefusee`."""
    horaires = horaires_de_la_semaine(lieu, source)
    if not horaires:
        raise SaisieRefusee([Refus("source", "Cette semaine n’a aucune disponibilité à garder.")])
    lignes = [
        {
            "jour": h.jour,
            "debut": f"{h.debut:%H:%M}",
            "fin": f"{h.fin:%H:%M}",
            "genre": h.genre,
            "capacite": h.capacite,
            "modalites": list(h.modalites),
        }
        for h in horaires
    ]
    modele, _ = SemaineType.objects.update_or_create(lieu=lieu, nom=nom, defaults={"horaires": lignes})
    tracer(acteur=auteur, verbe="agenda.semaine_gardee", objet=f"lieu:{lieu.pk}", semaine_type=modele.pk)
    return modele


@transaction.atomic
def oublier_semaine(*, modele: SemaineType, auteur: Compte) -> None:
    """Retire une semaine type ; ce qu’elle a posé dans l’agenda y reste."""
    cle = modele.pk
    modele.delete()
    tracer(acteur=auteur, verbe="agenda.semaine_oubliee", objet=f"lieu:{modele.lieu_id}", semaine_type=cle)


def rejouer_semaine(
    *, modele: SemaineType, lieu: LieuExercice, cible: date, nombre: int, auteur: Compte, maintenant: datetime
) -> int:
    """Pose une semaine type sur `nombre` semaines d’un lieu ; rend ce qui est ajouté. Lève `SaisieRefusee`."""
    horaires = [
        Horaire(
            jour=ligne["jour"],
            debut=time.fromisoformat(ligne["debut"]),
            fin=time.fromisoformat(ligne["fin"]),
            genre=ligne["genre"],
            capacite=ligne["capacite"],
            modalites=tuple(ligne["modalites"]),
        )
        for ligne in modele.horaires
    ]
    libelle = f"Semaine type «\u00a0{modele.nom}\u00a0»"
    with geste(lieu=lieu, libelle=libelle, auteur=auteur, maintenant=maintenant) as journal:
        return _poser(journal, lieu, horaires, cible, nombre, maintenant)


def ajouter_une_place_ce_soir(*, lieu: LieuExercice, auteur: Compte, maintenant: datetime) -> Disponibilite:
    """« +1 place ce soir » : une place de plus sur la plage du soir, ou une plage de 18 h à 20 h pour un patient.

    Lève `SaisieRefusee` si la soirée est finie, ou la plage à sa limite.
    """
    fuseau = ZoneInfo(lieu.fuseau)
    ici = maintenant.astimezone(fuseau)
    with geste(
        lieu=lieu, libelle="Une place de plus ce soir", auteur=auteur, maintenant=maintenant
    ) as journal:
        ligne = _plage_du_soir(lieu, ici)
        if ligne is None:
            if ici.time() >= PLAGE_DU_SOIR[1]:
                raise SaisieRefusee([Refus("", "Il est trop tard pour ouvrir une plage ce soir.")])
            return journal.creer(_d_un_jour(lieu, ici.date(), *PLAGE_DU_SOIR, Genre.PLAGE, 1, ("cabinet",)))
        if ligne.capacite >= 200:
            raise SaisieRefusee([Refus("", "Cette plage est à sa limite de 200 patients.")])
        return _agrandir(journal, ligne, ici.date())


def _plage_du_soir(lieu: LieuExercice, ici: datetime) -> Disponibilite | None:
    plages = Disponibilite.objects.filter(lieu=lieu, genre=Genre.PLAGE, heure_fin__gt=SOIR)
    for ligne in plages.order_by("heure_debut", "pk"):
        occurrence = ligne.regle(lieu.fuseau).occurrence(ici.date())
        if occurrence is not None and occurrence.fin > ici:
            return ligne
    return None


def _agrandir(journal: Journal, ligne: Disponibilite, jour: date) -> Disponibilite:
    """Une place de plus ce jour-là seulement ; les places tenues suivent l’occurrence."""
    if not ligne.jours:
        journal.changer(ligne, capacite=ligne.capacite + 1)
        return ligne
    occurrence = ligne.regle(ligne.lieu.fuseau).occurrence(jour)
    assert occurrence is not None  # `_plage_du_soir` l’a choisie pour cela
    agrandie = journal.creer(
        _d_un_jour(
            ligne.lieu,
            jour,
            ligne.heure_debut,
            ligne.heure_fin,
            ligne.genre,
            ligne.capacite + 1,
            tuple(ligne.modalites),
        )
    )
    tenues = Reservation.objects.filter(disponibilite=ligne, debut=occurrence.debut, annulee_le=None)
    for reservation in tenues:
        journal.deplacer([reservation], agrandie, debut=reservation.debut, fin=reservation.fin)
    journal.changer(ligne, sauf=sorted({*ligne.sauf, jour}))
    return agrandie


def _poser(
    journal: Journal,
    lieu: LieuExercice,
    horaires: Iterable[Horaire],
    cible: date,
    nombre: int,
    maintenant: datetime,
) -> int:
    if not 1 <= nombre <= SEMAINES_MAX:
        raise SaisieRefusee([Refus("nombre", f"Choisissez de 1 à {SEMAINES_MAX} semaines.")])
    fuseau = ZoneInfo(lieu.fuseau)
    if cible > maintenant.astimezone(fuseau).date() + AVENIR_MAX:
        raise SaisieRefusee([Refus("cible", "Cette semaine est dans plus de deux ans.")])
    horaires = list(horaires)
    ajoutes = 0
    lundi = cible - timedelta(days=cible.weekday())
    for semaine in range(nombre):
        premier = lundi + timedelta(weeks=semaine)
        deja = set(horaires_de_la_semaine(lieu, premier))
        for h in horaires:
            jour = premier + timedelta(days=h.jour - 1)
            if h in deja or datetime.combine(jour, h.debut, tzinfo=fuseau) <= maintenant:
                continue
            journal.creer(_d_un_jour(lieu, jour, h.debut, h.fin, h.genre, h.capacite, h.modalites))
            ajoutes += 1
    if not ajoutes:
        raise SaisieRefusee(
            [Refus("cible", "Rien à ajouter\u00a0: ces semaines sont passées, ou déjà ainsi.")]
        )
    return ajoutes


def _d_un_jour(
    lieu: LieuExercice,
    jour: date,
    debut: time,
    fin: time,
    genre: str,
    capacite: int,
    modalites: tuple[str, ...],
) -> Disponibilite:
    return Disponibilite(
        lieu=lieu,
        genre=genre,
        capacite=capacite,
        modalites=list(modalites),
        premier_jour=jour,
        heure_debut=debut,
        heure_fin=fin,
    )
