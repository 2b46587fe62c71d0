"""Ce que l’on saisit en un geste : un ou plusieurs horaires, un ou plusieurs jours, coupés ou non en créneaux."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from agenda.domaine.edition import DUREES_MIN, decouper
from agenda.domaine.recurrence import Regle

MODALITES = ("cabinet", "teleconsultation", "domicile")
CAPACITE_MAX = 200
HORAIRES_MAX = 6
AVENIR_MAX = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Saisie:
    """Une ou plusieurs disponibilités semblables, à l’heure murale du lieu.

    `horaires` : matin et après-midi d’un même geste. `jours` vide : une seule
    fois, le premier jour. `duree_creneau_min` : découpe chaque horaire en
    créneaux égaux ; nul, l’horaire reste entier.
    """

    est_plage: bool
    capacite: int
    modalites: tuple[str, ...]
    premier_jour: date
    horaires: tuple[tuple[time, time], ...]
    jours: frozenset[int] = frozenset()
    dernier_jour: date | None = None
    toutes_les_n_semaines: int = 1
    duree_creneau_min: int | None = None


@dataclass(frozen=True, slots=True)
class Refus:
    """Une valeur à corriger : le champ, et ce qu’il faut y faire."""

    champ: str
    message: str


def refus(saisie: Saisie, *, maintenant: datetime, fuseau: ZoneInfo) -> list[Refus]:
    """Ce qui empêche d’enregistrer ; vide si tout est bon (A-12, A-13 et W-37 : vérifié par le serveur)."""
    trouves = [
        *_refus_des_jours(saisie, maintenant.astimezone(fuseau)),
        *_refus_des_horaires(saisie),
        *_refus_du_genre(saisie),
    ]
    return trouves or list(_refus_de_ce_qui_n_ouvre_rien(saisie, maintenant, fuseau))


def _refus_des_jours(saisie: Saisie, ici: datetime) -> Iterator[Refus]:
    passe = Refus("premier_jour", "Vous ne pouvez créer une disponibilité dans le passé.")
    if saisie.premier_jour < ici.date():
        yield passe
    elif not saisie.jours and saisie.premier_jour == ici.date():
        if any(debut <= ici.time() for debut, _ in saisie.horaires):
            yield passe
    elif saisie.premier_jour > ici.date() + AVENIR_MAX:
        yield Refus("premier_jour", "Le premier jour est dans plus de deux ans.")
    if not saisie.jours <= frozenset(range(1, 8)):
        yield Refus("jours", "Un jour de la semaine va de 1 (lundi) à 7 (dimanche).")
    if saisie.dernier_jour is not None and saisie.dernier_jour < saisie.premier_jour:
        yield Refus("dernier_jour", "La répétition finit avant d’avoir commencé.")
    if not 1 <= saisie.toutes_les_n_semaines <= 52:
        yield Refus("toutes_les_n_semaines", "La répétition va d’une à 52 semaines.")


def _refus_des_horaires(saisie: Saisie) -> Iterator[Refus]:
    if not saisie.horaires:
        yield Refus("heure_debut", "L’heure de début doit être renseignée.")
    if len(saisie.horaires) > HORAIRES_MAX:
        yield Refus("heure_debut", f"Saisissez au plus {HORAIRES_MAX} horaires à la fois.")
    for debut, fin in saisie.horaires:
        if fin <= debut:
            yield Refus("heure_fin", "L’heure de début doit être antérieure à l’heure de fin.")
            return
    tries = sorted(saisie.horaires)
    if any(suivant[0] < horaire[1] for horaire, suivant in itertools.pairwise(tries)):
        yield Refus("heure_debut", "Deux de ces horaires se recouvrent.")


def _refus_du_genre(saisie: Saisie) -> Iterator[Refus]:
    if not saisie.modalites:
        yield Refus("modalites", "Veuillez sélectionner au moins un type de consultation.")
    elif not set(saisie.modalites) <= set(MODALITES):
        yield Refus("modalites", "Type de consultation inconnu.")
    if saisie.est_plage:
        if not 1 <= saisie.capacite <= CAPACITE_MAX:
            yield Refus("capacite", f"Nombre de patients incorrect\u00a0: de 1 à {CAPACITE_MAX}.")
        if saisie.duree_creneau_min is not None:
            yield Refus("duree_creneau_min", "Une plage ne se découpe pas\u00a0; choisissez des créneaux.")
        return
    if saisie.capacite != 1:
        yield Refus("capacite", "Un créneau reçoit un seul patient\u00a0; choisissez une plage.")
    for debut, fin in saisie.horaires:
        if fin > debut and (message := _defaut_de_duree(debut, fin, saisie.duree_creneau_min)):
            yield Refus("duree_creneau_min", message)
            return


def _defaut_de_duree(debut: time, fin: time, duree_min: int | None) -> str:
    if duree_min is None:
        minutes = (fin.hour - debut.hour) * 60 + fin.minute - debut.minute
        if minutes in DUREES_MIN:
            return ""
        return "Un créneau dure de 5 à 60 minutes\u00a0: découpez la période, ou choisissez une plage."
    try:
        decouper(debut, fin, duree_min=duree_min)
    except ValueError as defaut:
        return str(defaut)
    return ""


def _refus_de_ce_qui_n_ouvre_rien(saisie: Saisie, maintenant: datetime, fuseau: ZoneInfo) -> Iterator[Refus]:
    """Un horaire que l’horloge saute cette nuit-là, ou des jours que la répétition ne rencontre pas avant de finir."""
    for regle in regles(replace(saisie, duree_creneau_min=None), fuseau):
        if _ouvre(regle, maintenant):
            continue
        if regle.jours:
            yield Refus("dernier_jour", "Aucun des jours cochés n’est à venir d’ici cette date.")
        else:
            yield Refus(
                "heure_debut",
                "L’horloge passe à l’heure d’été ce jour-là\u00a0: elle saute cet horaire. Choisissez-en un autre.",
            )
        return


def _ouvre(regle: Regle, maintenant: datetime) -> bool:
    """Vrai si une occurrence est à venir ; une répétition sans fin en a toujours une."""
    if regle.jours and regle.dernier_jour is None:
        return True
    duree = (regle.dernier_jour or regle.premier_jour) - regle.premier_jour
    jours = (regle.premier_jour + timedelta(days=n) for n in range(duree.days + 1))
    return any((o := regle.occurrence(jour)) is not None and o.debut > maintenant for jour in jours)


def restes(saisie: Saisie) -> list[tuple[time, time]]:
    """Fins d’horaires trop courtes pour un créneau de plus : elles restent fermées."""
    if saisie.duree_creneau_min is None:
        return []
    dernieres = [
        (decouper(debut, fin, duree_min=saisie.duree_creneau_min)[-1][1], fin)
        for debut, fin in saisie.horaires
    ]
    return [(debut, fin) for debut, fin in dernieres if debut < fin]


def regles(saisie: Saisie, fuseau: ZoneInfo) -> list[Regle]:
    """Une règle par horaire, ou par créneau découpé ; à n’appeler que sur une saisie sans refus."""
    horaires = [
        morceau
        for debut, fin in saisie.horaires
        for morceau in (
            [(debut, fin)]
            if saisie.duree_creneau_min is None
            else decouper(debut, fin, duree_min=saisie.duree_creneau_min)
        )
    ]
    return [
        Regle(
            premier_jour=saisie.premier_jour,
            dernier_jour=saisie.dernier_jour if saisie.jours else None,
            jours=saisie.jours,
            toutes_les_n_semaines=saisie.toutes_les_n_semaines if saisie.jours else 1,
            heure_debut=debut,
            heure_fin=fin,
            fuseau=fuseau,
        )
        for debut, fin in horaires
    ]
