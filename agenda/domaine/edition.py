"""Changer une disponibilité répétée : une occurrence, celle-ci et les suivantes, ou toutes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from agenda.domaine.recurrence import Regle, developper
from sas_platform.socle.intervalles import Intervalle

DUREES_MIN = range(5, 61)  # d’un créneau, en minutes (seed 002 ; guide de l’effecteur § 2.4)
HORIZON = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Scission:
    """Ce que devient une règle coupée : la part gardée telle quelle, et celle que l’on change.

    L’une ou l’autre est nulle si elle n’a plus d’occurrence possible.
    """

    gardee: Regle | None
    changee: Regle | None


def isoler(regle: Regle, jour: date) -> Scission:
    """Détache l’occurrence de `jour`. Lève `ValueError` si la règle n’ouvre pas ce jour-là."""
    _exiger(regle, jour)
    seule = replace(regle, premier_jour=jour, dernier_jour=None, jours=frozenset(), sauf=frozenset())
    if not regle.jours:
        return Scission(None, seule)
    gardee = replace(regle, sauf=regle.sauf | {jour})
    return Scission(gardee if _a_une_occurrence(gardee) else None, seule)


def couper(regle: Regle, jour: date) -> Scission:
    """Sépare ce qui précède `jour` de ce qui commence ce jour-là.

    Une règle toutes les n semaines garde son rythme : l’occurrence suivante
    reste à n semaines. Lève `ValueError` si la règle n’ouvre pas ce jour-là.
    """
    _exiger(regle, jour)
    if not regle.jours:
        return Scission(None, regle)
    avant = replace(
        regle,
        dernier_jour=jour - timedelta(days=1),
        sauf=frozenset(j for j in regle.sauf if j < jour),
    )
    # Le rythme se compte depuis la semaine du premier jour : celle de `jour` en est une.
    apres = replace(regle, premier_jour=jour, sauf=frozenset(j for j in regle.sauf if j >= jour))
    existe = avant.dernier_jour is not None and avant.dernier_jour >= avant.premier_jour
    return Scission(avant if existe and _a_une_occurrence(avant) else None, apres)


def premier_jour_a_venir(regle: Regle, instant: datetime) -> date | None:
    """Jour, à l’heure du lieu, de la première occurrence qui commence après `instant` ; rien d’ici un an."""
    horizon = Intervalle(instant, instant + HORIZON)
    a_venir = (o.debut for o in developper(regle, horizon) if o.debut > instant)
    debut = next(a_venir, None)
    return debut and debut.astimezone(regle.fuseau).date()


def a_venir(regle: Regle, instant: datetime) -> Regle:
    """La même, sans son premier jour si l’heure en est déjà passée : on n’ouvre rien dans le passé.

    Le jour est excepté, non décalé : une règle toutes les n semaines garde son rythme.
    """
    premiere = regle.occurrence(regle.premier_jour)
    if not regle.jours or premiere is None or premiere.debut > instant:
        return regle
    return replace(regle, sauf=regle.sauf | {regle.premier_jour})


def decouper(debut: time, fin: time, *, duree_min: int) -> list[tuple[time, time]]:
    """Créneaux égaux et contigus de `debut` à `fin`, à l’heure murale ; le reste trop court est laissé.

    Lève `ValueError` si la durée sort de 5 à 60 minutes, ou si rien n’y tient.
    """
    if duree_min not in DUREES_MIN:
        raise ValueError("Un créneau dure de 5 à 60 minutes.")
    bornes = range(_minutes(debut), _minutes(fin) - duree_min + 1, duree_min)
    if not bornes:
        raise ValueError("La période est plus courte qu’un créneau.")
    return [(_heure(m), _heure(m + duree_min)) for m in bornes]


def chevauchements(nouvelle: Regle, autres: Iterable[Regle], fenetre: Intervalle) -> list[Intervalle]:
    """Parties communes entre `nouvelle` et les autres règles du lieu, dans l’ordre ; une mise en garde, non un refus."""
    siennes = developper(nouvelle, fenetre)
    prises = [occurrence for regle in autres for occurrence in developper(regle, fenetre)]
    return sorted(
        Intervalle(max(mienne.debut, prise.debut), min(mienne.fin, prise.fin))
        for mienne in siennes
        for prise in prises
        if mienne.recouvre(prise)
    )


def _exiger(regle: Regle, jour: date) -> None:
    if not regle.prevoit(jour):
        raise ValueError("La disponibilité n’ouvre pas ce jour-là.")


def _a_une_occurrence(regle: Regle) -> bool:
    """Une règle sans fin en a toujours une ; les autres, si un de leurs jours n’est pas excepté."""
    if regle.dernier_jour is None:
        return True
    jours = (regle.dernier_jour - regle.premier_jour).days + 1
    return any(regle.prevoit(regle.premier_jour + timedelta(days=n)) for n in range(jours))


def _minutes(heure: time) -> int:
    return heure.hour * 60 + heure.minute


def _heure(minutes: int) -> time:
    return (datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)).time()
