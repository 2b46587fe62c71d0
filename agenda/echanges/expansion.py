"""Les périodes occupées d’un calendrier iCalendar ; lancé dans un processus à part, borné (`agenda.echanges.entree`).

N’importe rien de la plateforme : il lit le fichier sur l’entrée standard et
n’en rend que des bornes. Le texte des événements ne sort pas d’ici.
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

EVENEMENTS_MAX = 5000
PERIODES_MAX = 5000
CPU_S = 8
MEMOIRE = 700_000_000
Bornes = tuple[datetime, datetime]


class Illisible(ValueError):
    """Le message est montrable."""


def occupees(contenu: bytes, debut: datetime, fin: datetime, fuseau: ZoneInfo) -> list[Bornes]:
    """Périodes occupées de [début, fin[, réunies et triées, bornes en UTC. Lève `Illisible`.

    Un événement libre (TRANSP:TRANSPARENT), annulé, ou sans durée n’occupe
    rien. Un jour entier, une heure sans fuseau sont ceux du lieu.
    """
    if b"BEGIN:VCALENDAR" not in contenu[:200].upper():
        raise Illisible("Ce n’est pas un calendrier iCalendar (.ics).")
    if contenu.upper().count(b"BEGIN:VEVENT") > EVENEMENTS_MAX:
        raise Illisible(f"Ce calendrier a plus de {EVENEMENTS_MAX} événements.")
    calendrier = _lire(contenu)
    jour = timedelta(days=1)  # les jours entiers n’ont pas de fuseau : un jour de marge les couvre tous
    periodes: list[Bornes] = []
    evenements = recurring_ical_events.of(calendrier, components=["VEVENT"], skip_bad_series=True)
    for nombre, evenement in enumerate(evenements.between(debut - jour, fin + jour)):
        if nombre >= PERIODES_MAX:
            raise Illisible(f"Ce calendrier a plus de {PERIODES_MAX} périodes à venir.")
        if not _occupe(evenement):
            continue
        de, a = max(_instant(evenement.start, fuseau), debut), min(_instant(evenement.end, fuseau), fin)
        if de < a:
            periodes.append((de, a))
    return _reunies(periodes)


def _lire(contenu: bytes) -> icalendar.Calendar:
    try:
        calendrier = icalendar.Calendar.from_ical(contenu)
    except Exception as erreur:  # la bibliothèque en lève de toutes sortes
        raise Illisible("Ce calendrier ne se lit pas.") from erreur
    if not isinstance(calendrier, icalendar.Calendar):
        raise Illisible("Ce calendrier ne se lit pas.")
    return calendrier


def _occupe(evenement: Any) -> bool:
    return (
        str(evenement.get("TRANSP", "")).upper() != "TRANSPARENT"
        and str(evenement.get("STATUS", "")).upper() != "CANCELLED"
        and str(evenement.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() != "FREE"
    )


def _instant(valeur: date | datetime, fuseau: ZoneInfo) -> datetime:
    if not isinstance(valeur, datetime):
        valeur = datetime.combine(valeur, time.min)
    return (valeur if valeur.tzinfo else valeur.replace(tzinfo=fuseau)).astimezone(UTC)


def _reunies(periodes: list[Bornes]) -> list[Bornes]:
    reunies: list[Bornes] = []
    for de, a in sorted(periodes):
        if reunies and de <= reunies[-1][1]:
            reunies[-1] = reunies[-1][0], max(a, reunies[-1][1])
        else:
            reunies.append((de, a))
    return reunies


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMOIRE, MEMOIRE))
    debut, fin, fuseau = sys.argv[1:]
    try:
        lues = occupees(
            sys.stdin.buffer.read(),
            datetime.fromisoformat(debut),
            datetime.fromisoformat(fin),
            ZoneInfo(fuseau),
        )
    except Illisible as refus:
        sys.stdout.write(json.dumps({"refus": str(refus)}))
    else:
        sys.stdout.write(json.dumps({"periodes": [(de.isoformat(), a.isoformat()) for de, a in lues]}))


if __name__ == "__main__":
    main()
