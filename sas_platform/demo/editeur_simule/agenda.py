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

T = TypeVar("T")

PLAGES = ((time(9), 3), (time(14), 4))  # début et durée en heures ; le dimanche, le matin seul
DUREES_MIN = (15, 20, 30)
PART_LIBRE = 0.25
PART_COMPLETS = 0.1
HEURES_ENTRE_TIRAGES = (4, 12)
VISIBILITES: tuple[tuple[str, ...], ...] = (("PUBLIC",), ("PRO",), ("SNP",), ("PUBLIC", "PRO"))
ACTES: tuple[tuple[str, ...], ...] = (("AMB",), ("VR",), ("HH",), ("AMB", "VR"), ("AMB",), ("AMB",))
MOTIFS = ("Consultation de suivi", "Soins non programmés", "Visite de contrôle")
_ID = re.compile(r"([0-9A-Z]{1,12})-([0-9]{1,3})-([0-9]{8}T[0-9]{4})")


@dataclass(frozen=True, slots=True)
class Lieu:
    idnst: str
    ligne: str
    ville: str
    code_postal: str
    telephone: str
    fuseau: str


@dataclass(frozen=True, slots=True)
class Praticien:
    identifiant_national: str
    nom: str
    prenom: str
    specialite: str
    lieux: tuple[Lieu, ...]


@dataclass(frozen=True, slots=True)
class Creneau:
    """Bornes dans le fuseau du lieu."""

    id: str
    debut: datetime
    fin: datetime
    visibilites: tuple[str, ...]
    actes: tuple[str, ...]
    motif: str
    sans_rendez_vous: bool


def est_complet(praticien: Praticien, graine: int) -> bool:
    """Un praticien sur dix n’a jamais de place."""
    return _tirage(graine, praticien.identifiant_national, "complet") < PART_COMPLETS


def creneaux_libres(
    praticien: Praticien, rang: int, *, graine: int, maintenant: datetime, debut: datetime, fin: datetime
) -> list[Creneau]:
    """Créneaux libres du praticien en son lieu `rang`, qui commencent dans [debut, fin], dans l’ordre.

    Sauf pour un praticien complet, chaque matin garde trois créneaux que le
    temps ne prend pas, un par visibilité et par acte : il y a toujours de quoi montrer.
    """
    if est_complet(praticien, graine):
        return []
    cle = f"{praticien.identifiant_national}-{rang}"
    ancre = int(_tirage(graine, cle, "ancre") * 4)
    libres = []
    for numero, debut_creneau, fin_creneau in _grille(praticien.lieux[rang], graine, cle, debut, fin):
        id_creneau = f"{cle}-{debut_creneau.astimezone(UTC):%Y%m%dT%H%M}"
        garde = numero - ancre
        if 0 <= garde < 3:
            nature = (VISIBILITES[garde], ACTES[garde])
        elif _est_libre(graine, id_creneau, maintenant):
            nature = (_choix(VISIBILITES, graine, id_creneau, "v"), _choix(ACTES, graine, id_creneau, "a"))
        else:
            continue
        libres.append(
            Creneau(
                id_creneau,
                debut_creneau,
                fin_creneau,
                *nature,
                motif=_choix(MOTIFS, graine, id_creneau, "m"),
                sans_rendez_vous=_tirage(graine, id_creneau, "r") < 0.1,
            )
        )
    return libres


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
    lieu: Lieu, graine: int, cle: str, debut: datetime, fin: datetime
) -> Iterator[tuple[int, datetime, datetime]]:
    """(numéro dans le jour, début, fin) de chaque créneau de la grille qui commence dans [debut, fin]."""
    fuseau = ZoneInfo(lieu.fuseau)
    duree = timedelta(minutes=_choix(DUREES_MIN, graine, cle, "duree"))
    jour, dernier = debut.astimezone(fuseau).date(), fin.astimezone(fuseau).date()
    while jour <= dernier:
        for numero, (un_debut, une_fin) in enumerate(_creneaux_du_jour(jour, fuseau, duree)):
            if debut <= un_debut <= fin:
                yield numero, un_debut, une_fin
        jour += timedelta(days=1)


def _creneaux_du_jour(jour: date, fuseau: ZoneInfo, duree: timedelta) -> Iterator[tuple[datetime, datetime]]:
    for ouverture, heures in PLAGES[:1] if jour.isoweekday() == 7 else PLAGES:
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
