"""De la règle stockée aux occurrences calculées."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sas_platform.socle.intervalles import Intervalle

FENETRE_MAX = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Regle:
    """Une disponibilité : une fois (`jours` vide), ou certains jours toutes les n semaines.

    Les heures sont celles de l’horloge murale de `fuseau`. Les semaines
    commencent le lundi ; la première est celle de `premier_jour`.
    """

    premier_jour: date
    heure_debut: time
    heure_fin: time
    fuseau: ZoneInfo
    dernier_jour: date | None = None
    jours: frozenset[int] = field(default_factory=frozenset)
    toutes_les_n_semaines: int = 1
    sauf: frozenset[date] = field(default_factory=frozenset)

    def prevoit(self, jour: date) -> bool:
        """Vrai si la règle ouvre ce jour-là, exceptions comprises."""
        if jour < self.premier_jour or jour in self.sauf:
            return False
        if not self.jours:
            return jour == self.premier_jour
        if self.dernier_jour is not None and jour > self.dernier_jour:
            return False
        if jour.isoweekday() not in self.jours:
            return False
        semaines = (_lundi(jour) - _lundi(self.premier_jour)).days // 7
        return semaines % self.toutes_les_n_semaines == 0

    def occurrence(self, jour: date) -> Intervalle | None:
        """Bornes en UTC de l’occurrence du jour ; rien si elle n’existe pas.

        Une heure murale ambiguë (automne) est la première des deux ; une heure
        sautée (printemps) se lit avec le décalage d’avant le saut (RFC 5545
        § 3.3.5). Une occurrence tout entière dans l’heure sautée est omise.
        """
        if not self.prevoit(jour):
            return None
        debut, debut_existe = _instant(jour, self.heure_debut, self.fuseau)
        fin, fin_existe = _instant(jour, self.heure_fin, self.fuseau)
        if debut >= fin or not (debut_existe or fin_existe):
            return None
        return Intervalle(debut, fin)


def developper(regle: Regle, fenetre: Intervalle) -> list[Intervalle]:
    """Occurrences de `regle` qui touchent `fenetre`, dans l’ordre, bornes en UTC.

    La répétition suit l’horloge murale : 9 h reste 9 h à l’heure d’hiver.

    Lève `ValueError` si `fenetre` dépasse `FENETRE_MAX`.
    Source : RFC 5545 § 3.3.10 (FREQ=WEEKLY;INTERVAL;BYDAY) ; docs/adr/0004.
    """
    if fenetre.duree > FENETRE_MAX:
        raise ValueError("fenêtre trop longue")
    jour = max(regle.premier_jour, fenetre.debut.astimezone(regle.fuseau).date())
    dernier = fenetre.fin.astimezone(regle.fuseau).date()
    if not regle.jours:
        dernier = min(dernier, regle.premier_jour)
    elif regle.dernier_jour is not None:
        dernier = min(dernier, regle.dernier_jour)
    resultat = []
    while jour <= dernier:
        occurrence = regle.occurrence(jour)
        if occurrence is not None and occurrence.recouvre(fenetre):
            resultat.append(occurrence)
        jour += timedelta(days=1)
    return resultat


def _lundi(jour: date) -> date:
    return jour - timedelta(days=jour.weekday())


def _instant(jour: date, heure: time, fuseau: ZoneInfo) -> tuple[datetime, bool]:
    """Instant UTC d’une heure murale, et si l’horloge la montre ce jour-là."""
    mural = datetime.combine(jour, heure, tzinfo=fuseau)
    instant = mural.astimezone(UTC)
    return instant, instant.astimezone(fuseau).replace(tzinfo=None) == mural.replace(tzinfo=None)
