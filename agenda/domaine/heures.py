"""Heures de disponibilité montrées dans une semaine : la preuve de la participation, et sa jauge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from agenda.domaine.recurrence import Regle, developper
from sas_platform.socle.intervalles import Intervalle, recouvre_un, unir

SEUIL = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class OuvertureDeclaree:
    """Une disponibilité saisie : sa règle, et si c’est une plage (un créneau ne se coupe pas)."""

    regle: Regle
    est_plage: bool


@dataclass(frozen=True, slots=True)
class AgendaDuLieu:
    """Ce qu’un effecteur déclare en un lieu : ouvertures, et ce qui les cache (indisponibilités, calendriers externes)."""

    ouvertures: Sequence[OuvertureDeclaree]
    fermetures: Sequence[Intervalle] = ()


def semaine_de(jour: date, fuseau: ZoneInfo) -> Intervalle:
    """Du lundi 0 h au lundi suivant 0 h, à l’heure murale de `fuseau` ; 167 ou 169 heures aux changements d’heure."""
    lundi = jour - timedelta(days=jour.weekday())
    bornes = [datetime.combine(j, time.min, tzinfo=fuseau) for j in (lundi, lundi + timedelta(days=7))]
    return Intervalle(bornes[0].astimezone(UTC), bornes[1].astimezone(UTC))


def heures_visibles(agendas: Iterable[AgendaDuLieu], semaine: Intervalle) -> timedelta:
    """Temps où l’effecteur se montre disponible pendant `semaine`, tous lieux réunis.

    Deux disponibilités qui se recouvrent, en un lieu ou en deux, comptent une
    fois : on ne reçoit pas à deux endroits. Une fermeture, indisponibilité ou
    période occupée d’un calendrier externe, retire les créneaux qu’elle touche et ce qu’elle couvre des plages. Une place déjà prise
    compte : elle a été montrée. Rien ne se reporte d’une semaine à l’autre
    (FAQ du 30/01/2023 ; avenant 9, indicateur 8).
    """
    visibles = (
        morceau
        for agenda in agendas
        for ouverture in agenda.ouvertures
        for morceau in _morceaux(ouverture, agenda.fermetures, semaine)
    )
    return sum((visible.duree for visible in unir(visibles)), timedelta())


def _morceaux(
    ouverture: OuvertureDeclaree, fermetures: Sequence[Intervalle], semaine: Intervalle
) -> Iterable[Intervalle]:
    for occurrence in developper(ouverture.regle, semaine):
        dedans = _commun(occurrence, semaine)
        if dedans is None:
            continue
        if ouverture.est_plage:
            yield from _moins(dedans, fermetures)
        elif not recouvre_un(occurrence, fermetures):
            yield dedans


def _commun(a: Intervalle, b: Intervalle) -> Intervalle | None:
    debut, fin = max(a.debut, b.debut), min(a.fin, b.fin)
    return Intervalle(debut, fin) if debut < fin else None


def _moins(entier: Intervalle, fermetures: Iterable[Intervalle]) -> Iterable[Intervalle]:
    debut = entier.debut
    for fermeture in sorted(fermetures):
        if fermeture.fin <= debut:
            continue
        if fermeture.debut >= entier.fin:
            break
        if fermeture.debut > debut:
            yield Intervalle(debut, fermeture.debut)
        debut = fermeture.fin
    if debut < entier.fin:
        yield Intervalle(debut, entier.fin)
