"""Pourquoi chaque créneau d’un lieu est montré à la régulation, ou ne l’est pas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from agenda.domaine.offre import AgendaRecu, Ouverture, en_instant, en_minutes, fin_de_fenetre, rogner
from agenda.domaine.recurrence import developper
from sas_platform.socle.intervalles import Intervalle, recouvre_un

JOURS_EXPLIQUES = timedelta(days=14)


class Motif(Enum):
    """Ce qui cache un créneau ; la valeur se lit à l’écran."""

    SOS = "Vous participez via SOS Médecins\u00a0: ses points fixes portent vos disponibilités."
    AGENDA_FERME = "L’agenda saisi est fermé\u00a0: les créneaux de votre logiciel sont montrés."
    AFFICHAGE_REFUSE = (
        "Vous refusez l’affichage des créneaux de votre logiciel, ou déclarez n’en pas utiliser."
    )
    EDITEUR_COUPE = "La lecture de cet éditeur est suspendue."
    EDITEUR_MUET = "Cet éditeur ne répond plus depuis trop longtemps\u00a0: ses créneaux ne sont plus sûrs."
    COMMENCE = "Il a commencé."
    INDISPONIBILITE = "Une indisponibilité le recouvre."
    OCCUPE = "Un calendrier externe relié à ce lieu vous dit occupé à cette heure."
    PRIS = "Un rendez-vous vient d’y être pris chez l’éditeur : sa prochaine lecture dira ce qui reste."
    COMPLET = "Toutes ses places sont prises."
    HORS_FENETRE = (
        "Il est au-delà de ce que la recherche montre\u00a0: aujourd’hui et les deux jours qui suivent."
    )


@dataclass(frozen=True, slots=True)
class Visibilite:
    """Quels agendas du lieu la participation laisse voir."""

    via_sos: bool = False
    agenda_saisi: bool = True
    agenda_editeur: bool = True


@dataclass(frozen=True, slots=True)
class AgendaSuivi:
    """Un agenda reçu, et l’état de son éditeur."""

    agenda: AgendaRecu
    est_actif: bool = True
    est_perime: bool = False


@dataclass(frozen=True, slots=True)
class CreneauExplique:
    """Un créneau, à l’heure où il est montré s’il l’est ; `motif` nul : la régulation le voit.

    `editeur` vide : agenda saisi.
    """

    debut: datetime
    fin: datetime
    editeur: str
    capacite: int
    prises: int
    motif: Motif | None


def expliquer(
    *,
    ouvertures: Iterable[Ouverture],
    fermetures: Sequence[Intervalle],
    occupees: Sequence[Intervalle] = (),
    prises: Mapping[tuple[int, int], int],
    agendas: Iterable[AgendaSuivi],
    visibilite: Visibilite,
    fuseau: ZoneInfo,
    maintenant: datetime,
) -> list[CreneauExplique]:
    """Tous les créneaux des quatorze jours, dans l’ordre, chacun avec ce qui le cache ou rien.

    Un créneau est sans motif si, et seulement si, la recherche le montre à cet
    instant : le test le vérifie contre `composer`. `occupees` : ce qu’occupe un
    calendrier externe, et qui cache comme une fermeture. Quand plusieurs motifs
    valent, le premier de `Motif` se dit : c’est celui qu’il faut lever d’abord.
    """
    horizon = Intervalle(maintenant, maintenant + JOURS_EXPLIQUES)
    limite = fin_de_fenetre(maintenant, fuseau)
    trouves = [
        creneau
        for ouverture in ouvertures
        for creneau in _saisis(ouverture, horizon, (fermetures, occupees), prises, visibilite, limite)
    ]
    for suivi in agendas:
        trouves += _recus(suivi, horizon, (fermetures, occupees), visibilite, limite)
    return sorted(trouves, key=lambda c: (c.debut, c.fin, c.editeur))


def _saisis(
    ouverture: Ouverture,
    horizon: Intervalle,
    caches: tuple[Sequence[Intervalle], Sequence[Intervalle]],
    prises: Mapping[tuple[int, int], int],
    visibilite: Visibilite,
    limite: datetime,
) -> Iterator[CreneauExplique]:
    maintenant = horizon.debut
    fermetures, occupees = caches
    for occurrence in developper(ouverture.regle, horizon):
        visible = _visible(ouverture, occurrence, [*fermetures, *occupees])
        est_ferme = visible is None and _visible(ouverture, occurrence, fermetures) is None
        montre = visible or occurrence
        deja = prises.get((ouverture.id, en_minutes(occurrence.debut)), 0)
        motifs = {
            Motif.SOS: visibilite.via_sos,
            Motif.AGENDA_FERME: not visibilite.agenda_saisi,
            Motif.COMMENCE: _expire(montre, est_plage=ouverture.est_plage) <= en_minutes(maintenant),
            Motif.INDISPONIBILITE: est_ferme,
            Motif.OCCUPE: visible is None,
            Motif.COMPLET: deja >= ouverture.capacite,
            Motif.HORS_FENETRE: montre.debut >= limite,
        }
        yield CreneauExplique(montre.debut, montre.fin, "", ouverture.capacite, deja, _premier(motifs))


def _recus(
    suivi: AgendaSuivi,
    horizon: Intervalle,
    caches: tuple[Sequence[Intervalle], Sequence[Intervalle]],
    visibilite: Visibilite,
    limite: datetime,
) -> Iterator[CreneauExplique]:
    maintenant = en_minutes(horizon.debut)
    fermetures, occupees = caches
    for creneau in suivi.agenda.creneaux:
        debut, fin = en_instant(creneau.debut), en_instant(creneau.fin)
        if debut >= horizon.fin:
            continue
        motifs = {
            Motif.SOS: visibilite.via_sos,
            Motif.AFFICHAGE_REFUSE: not visibilite.agenda_editeur,
            Motif.EDITEUR_COUPE: not suivi.est_actif,
            Motif.EDITEUR_MUET: suivi.est_perime,
            Motif.COMMENCE: creneau.debut <= maintenant,
            Motif.INDISPONIBILITE: recouvre_un(Intervalle(debut, fin), fermetures),
            Motif.OCCUPE: recouvre_un(Intervalle(debut, fin), occupees),
            Motif.PRIS: suivi.agenda.cache(creneau.debut, creneau.fin),
            Motif.HORS_FENETRE: debut >= limite,
        }
        yield CreneauExplique(debut, fin, suivi.agenda.editeur, 1, 0, _premier(motifs))


def _visible(
    ouverture: Ouverture, occurrence: Intervalle, fermetures: Sequence[Intervalle]
) -> Intervalle | None:
    if ouverture.est_plage:
        return rogner(occurrence, fermetures)
    return None if recouvre_un(occurrence, fermetures) else occurrence


def _expire(intervalle: Intervalle, *, est_plage: bool) -> int:
    return en_minutes(intervalle.fin if est_plage else intervalle.debut)


def _premier(motifs: Mapping[Motif, bool]) -> Motif | None:
    return next((motif for motif, vaut in motifs.items() if vaut), None)
