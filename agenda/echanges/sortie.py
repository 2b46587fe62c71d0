"""Écrire l’agenda saisi au format iCalendar (RFC 5545) ; rien d’un patient n’y est, la plateforme n’en sait rien."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q
from icalendar import Calendar, Event

from agenda.domaine.recurrence import Regle
from agenda.enums import Genre, ModaliteConsultation
from agenda.models import Disponibilite, Indisponibilite, Reservation
from annuaire.models import LieuExercice

PASSE_MONTRE = timedelta(days=30)
_JOURS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def calendrier(lieux: Sequence[LieuExercice], *, maintenant: datetime) -> bytes:
    """Les disponibilités, fermetures et places prises de ces lieux, chacun dans son fuseau ; trois requêtes."""
    par_id = {lieu.pk: lieu for lieu in lieux}
    depuis = maintenant - PASSE_MONTRE
    sortie = Calendar()
    sortie.add("prodid", "-//Plateforme numerique du SAS//Agenda//FR")
    sortie.add("version", "2.0")
    sortie.add("x-wr-calname", "Agenda SAS")
    sortie.add("refresh-interval", timedelta(hours=1))
    for disponibilite in _disponibilites(par_id, depuis.date()):
        if evenement := _disponible(disponibilite, par_id[disponibilite.lieu_id]):
            sortie.add_component(evenement)
    for fermeture in Indisponibilite.objects.filter(
        lieu__in=par_id, periode__overlap=(depuis, None)
    ).order_by("pk"):
        sortie.add_component(_indisponible(fermeture, par_id[fermeture.lieu_id], maintenant))
    prises = Reservation.objects.filter(
        disponibilite__lieu__in=par_id, annulee_le=None, debut__gte=depuis
    ).select_related("disponibilite")
    for prise in prises.order_by("pk"):
        sortie.add_component(_orientation(prise, par_id[prise.disponibilite.lieu_id]))
    sortie.add_missing_timezones()
    return bytes(sortie.to_ical())


def _disponibilites(lieux: Iterable[int], depuis: date) -> Iterable[Disponibilite]:
    return Disponibilite.objects.filter(
        Q(jours__len=0, premier_jour__gte=depuis)
        | Q(jours__len__gt=0) & (Q(dernier_jour=None) | Q(dernier_jour__gte=depuis)),
        lieu__in=lieux,
    ).order_by("pk")


def _disponible(disponibilite: Disponibilite, lieu: LieuExercice) -> Event | None:
    regle = disponibilite.regle(lieu.fuseau)
    premier = _premier_jour(regle)
    if premier is None:
        return None
    types = ", ".join(m.label for m in ModaliteConsultation if m in disponibilite.modalites)
    patients = disponibilite.capacite
    titre = (
        "Créneau SAS"
        if disponibilite.genre == Genre.CRENEAU
        else f"Plage SAS, {patients} patient{'s' if patients > 1 else ''}"
    )
    evenement = _evenement(f"disponibilite-{disponibilite.pk}", lieu, disponibilite.modifie_le)
    evenement.add("summary", titre)
    evenement.add("description", types)
    # Déclarer une disponibilité n’occupe pas l’agenda : seul un patient orienté le fait.
    evenement.add("transp", "TRANSPARENT")
    evenement.add("dtstart", _mural(premier, regle.heure_debut, regle.fuseau))
    evenement.add("dtend", _mural(premier, regle.heure_fin, regle.fuseau))
    if regle.jours:
        evenement.add("rrule", _repetition(regle))
    if sautes := [jour for jour in sorted(regle.sauf) if jour >= premier]:
        evenement.add("exdate", [_mural(jour, regle.heure_debut, regle.fuseau) for jour in sautes])
    return evenement


def _premier_jour(regle: Regle) -> date | None:
    """Premier jour que la répétition désigne, exceptions comprises : c’est de lui que RRULE compte ses semaines."""
    if not regle.jours:
        return None if regle.premier_jour in regle.sauf else regle.premier_jour
    lundi = regle.premier_jour - timedelta(days=regle.premier_jour.weekday())
    for semaine in (lundi, lundi + timedelta(weeks=regle.toutes_les_n_semaines)):
        for rang in sorted(regle.jours):
            jour = semaine + timedelta(days=rang - 1)
            if jour >= regle.premier_jour:
                return jour if regle.dernier_jour is None or jour <= regle.dernier_jour else None
    return None


def _repetition(regle: Regle) -> dict[str, object]:
    repetition: dict[str, object] = {
        "freq": "weekly",
        "interval": regle.toutes_les_n_semaines,
        "byday": [_JOURS[rang - 1] for rang in sorted(regle.jours)],
        "wkst": "MO",
    }
    if regle.dernier_jour is not None:
        repetition["until"] = _mural(regle.dernier_jour, time(23, 59, 59), regle.fuseau).astimezone(UTC)
    return repetition


def _indisponible(fermeture: Indisponibilite, lieu: LieuExercice, maintenant: datetime) -> Event:
    """Une fermeture sans fin connue se montre sur l’année qui vient : iCalendar veut une fin."""
    fuseau = ZoneInfo(lieu.fuseau)
    debut, fin = fermeture.periode.lower, fermeture.periode.upper
    evenement = _evenement(f"indisponibilite-{fermeture.pk}", lieu, fermeture.modifie_le)
    evenement.add("summary", "Indisponible pour le SAS")
    evenement.add("transp", "TRANSPARENT")
    evenement.add("dtstart", debut.astimezone(fuseau))
    evenement.add("dtend", (fin or max(debut, maintenant) + timedelta(days=365)).astimezone(fuseau))
    return evenement


def _orientation(prise: Reservation, lieu: LieuExercice) -> Event:
    fuseau = ZoneInfo(lieu.fuseau)
    evenement = _evenement(f"place-{prise.pk}", lieu, prise.prise_le)
    evenement.add("summary", "Patient orienté par le SAS")
    evenement.add("dtstart", prise.debut.astimezone(fuseau))
    evenement.add("dtend", prise.fin.astimezone(fuseau))
    return evenement


def _evenement(cle: str, lieu: LieuExercice, modifie_le: datetime) -> Event:
    evenement = Event()
    evenement.add("uid", f"{cle}@agenda.sas")
    evenement.add("dtstamp", modifie_le.astimezone(UTC))
    evenement.add("location", lieu.adresse_complete)
    return evenement


def _mural(jour: date, heure: time, fuseau: ZoneInfo) -> datetime:
    return datetime.combine(jour, heure, tzinfo=fuseau)
