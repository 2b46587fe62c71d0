"""Créneaux d’un praticien fictif : une fonction de la graine, du praticien et de l’heure, sans autre état.

Chaque créneau de la grille est libre ou pris pendant quelques heures, puis
tiré de nouveau à un instant qui lui est propre : d’une minute à l’autre, des
créneaux sont pris, rendus ou ajoutés un peu partout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from typing import TypeVar
from zoneinfo import ZoneInfo

from sas_platform.demo.editeur_simule.titulaires import Association, Creneau, Praticien, Titulaire

T = TypeVar("T")
Plages = tuple[tuple[time, int], ...]  # début et durée en heures

PLAGES: Plages = ((time(9), 3), (time(14), 4))  # le dimanche, le matin seul
PLAGES_SOS: Plages = ((time(9), 14),)
DUREES_MIN = (15, 20, 30)
PART_LIBRE = 0.25
PART_COMPLETS = 0.1
HEURES_ENTRE_TIRAGES = (4, 12)
VISIBILITES: tuple[tuple[str, ...], ...] = (("PUBLIC",), ("PRO",), ("SNP",), ("PUBLIC", "PRO"))
VISIBILITES_SOS: tuple[tuple[str, ...], ...] = (("PUBLIC",), ("SNP",), ("PUBLIC", "SNP"))
PART_CPTS = 0.15  # créneaux ordinaires aussi ouverts aux CPTS de leur praticien
ACTES: tuple[tuple[str, ...], ...] = (("AMB",), ("VR",), ("HH",), ("AMB", "VR"), ("AMB",), ("AMB",))
MOTIFS = ("Consultation de suivi", "Soins non programmés", "Visite de contrôle")
_ID = re.compile(r"([0-9A-Z]{1,15})-([0-9]{1,3})-([0-9]{8}T[0-9]{4})")


@dataclass(frozen=True, slots=True)
class AgendaMouvant:
    """Les agendas ordinaires de la démonstration."""

    graine: int
    marge: timedelta = timedelta(0)

    def creneaux(
        self, titulaire: Titulaire, rang: int, *, maintenant: datetime, debut: datetime, fin: datetime
    ) -> list[Creneau]:
        return creneaux_libres(
            titulaire, rang, graine=self.graine, maintenant=maintenant, debut=debut, fin=fin
        )


def est_complet(titulaire: Titulaire, graine: int) -> bool:
    """Un praticien sur dix n’a jamais de place ; une association en a toujours."""
    return (
        isinstance(titulaire, Praticien) and _tirage(graine, titulaire.identifiant, "complet") < PART_COMPLETS
    )


def creneaux_libres(
    titulaire: Titulaire, rang: int, *, graine: int, maintenant: datetime, debut: datetime, fin: datetime
) -> list[Creneau]:
    """Créneaux libres en son lieu `rang`, qui commencent dans [debut, fin], dans l’ordre.

    Sauf pour un praticien complet, chaque matin garde trois créneaux que le
    temps ne prend pas, un par visibilité et par acte, et un quatrième pour les
    CPTS de qui en est membre : il y a toujours de quoi montrer.
    """
    if est_complet(titulaire, graine):
        return []
    visibilites = VISIBILITES_SOS if isinstance(titulaire, Association) else VISIBILITES
    cpts = () if isinstance(titulaire, Association) else tuple(c.finess for c in titulaire.cpts)
    cle = f"{titulaire.identifiant}-{rang}"
    ancre = int(_tirage(graine, cle, "ancre") * 4)
    libres = []
    for numero, debut_creneau, fin_creneau in _grille(titulaire, rang, graine, cle, debut, fin):
        id_creneau = ecrire_id(titulaire, rang, debut_creneau)
        garde = numero - ancre
        codes: tuple[str, ...] = ()
        pour_les_cpts: tuple[str, ...] = ()
        if cpts and garde == 3:
            actes, pour_les_cpts = ACTES[0], cpts
        elif 0 <= garde < 3:
            codes, actes = visibilites[garde], ACTES[garde]
        elif _est_libre(graine, id_creneau, maintenant):
            codes = _choix(visibilites, graine, id_creneau, "v")
            actes = _choix(ACTES, graine, id_creneau, "a")
            pour_les_cpts = cpts if _tirage(graine, id_creneau, "c") < PART_CPTS else ()
        else:
            continue
        libres.append(
            Creneau(
                id_creneau,
                debut_creneau,
                fin_creneau,
                codes,
                actes,
                motif=_choix(MOTIFS, graine, id_creneau, "m"),
                sans_rendez_vous=_tirage(graine, id_creneau, "r") < 0.1,
                cpts=pour_les_cpts,
            )
        )
    return libres


def ecrire_id(titulaire: Titulaire, rang: int, debut: datetime) -> str:
    return f"{titulaire.identifiant}-{rang}-{debut.astimezone(UTC):%Y%m%dT%H%M}"


def decoder_id(id_creneau: str) -> tuple[str, int, datetime] | None:
    """(identifiant national, rang du lieu, début en UTC) ; rien si l’id n’est pas l’un des nôtres."""
    trouve = _ID.fullmatch(id_creneau)
    if trouve is None:
        return None
    try:
        debut = datetime.strptime(trouve[3], "%Y%m%dT%H%M").replace(tzinfo=UTC)
    except ValueError:
        return None
    return trouve[1], int(trouve[2]), debut


def _grille(
    titulaire: Titulaire, rang: int, graine: int, cle: str, debut: datetime, fin: datetime
) -> Iterator[tuple[int, datetime, datetime]]:
    """(numéro dans le jour, début, fin) de chaque créneau de la grille qui commence dans [debut, fin]."""
    fuseau = ZoneInfo(titulaire.lieux[rang].fuseau)
    duree = timedelta(minutes=_choix(DUREES_MIN, graine, cle, "duree"))
    jour, dernier = debut.astimezone(fuseau).date(), fin.astimezone(fuseau).date()
    while jour <= dernier:
        plages = PLAGES_SOS if isinstance(titulaire, Association) else PLAGES
        if jour.isoweekday() == 7:
            plages = plages[:1]
        for numero, (un_debut, une_fin) in enumerate(_creneaux_du_jour(jour, plages, fuseau, duree)):
            if debut <= un_debut <= fin:
                yield numero, un_debut, une_fin
        jour += timedelta(days=1)


def _creneaux_du_jour(
    jour: date, plages: Plages, fuseau: ZoneInfo, duree: timedelta
) -> Iterator[tuple[datetime, datetime]]:
    for ouverture, heures in plages:
        instant = datetime.combine(jour, ouverture, fuseau)
        fermeture = instant + timedelta(hours=heures)
        while instant + duree <= fermeture:
            yield instant, instant + duree
            instant += duree


def _est_libre(graine: int, id_creneau: str, maintenant: datetime) -> bool:
    courte, longue = HEURES_ENTRE_TIRAGES
    entre_tirages_s = (courte + (longue - courte) * _tirage(graine, id_creneau, "rythme")) * 3600
    decalage_s = _tirage(graine, id_creneau, "phase") * entre_tirages_s
    tour = int((maintenant.timestamp() + decalage_s) // entre_tirages_s)
    return _tirage(graine, id_creneau, tour) < PART_LIBRE


def _choix(valeurs: tuple[T, ...], *parties: object) -> T:
    return valeurs[int(_tirage(*parties) * len(valeurs))]


def _tirage(*parties: object) -> float:
    """Nombre de [0, 1[ toujours le même pour les mêmes parties, quel que soit le processus."""
    octets = "|".join(map(str, parties)).encode()
    return int.from_bytes(blake2b(octets, digest_size=6).digest()) / 2**48
