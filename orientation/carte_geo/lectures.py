"""Ce que montre la carte : les offres de la liste, dans le même ordre, réduites à leur épingle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from annuaire.domaine.telephones import ecrire_telephone
from orientation import rendu
from orientation.carnet import Recherche
from orientation.lectures import Offre, rechercher

POINTS_MAX = 200
ETATS = {
    "aujourd_hui": "Créneau libre aujourd’hui",
    "plus_tard": "Créneau libre demain ou après-demain",
    "en_sus": "Sans créneau libre, accepte des patients en sus",
    "sans": "Sans créneau libre",
}


@dataclass(frozen=True, slots=True)
class Point:
    """Une épingle. `rang` et `page` : sa place dans la liste, où l’on peut toujours la retrouver."""

    ancre: str
    rang: int
    page: int
    lat: float
    lon: float
    etat: str
    titre: str
    sous_titre: str
    adresse: str
    telephone: str
    telephone_lien: str


def points(recherche: Recherche, *, maintenant: datetime, par_page: int) -> tuple[list[Point], int]:
    """Les deux cents premières cartes de la liste, et combien elle en a ; une CPTS qui groupe n’en est qu’une."""
    lus = rechercher(recherche.criteres(), maintenant=maintenant, par_page=POINTS_MAX)
    return [
        _point(offre, rang, (rang - 1) // par_page + 1, maintenant)
        for rang, offre in enumerate(lus.offres, start=1)
    ], lus.total - lus.pliees


def _point(offre: Offre, rang: int, page: int, maintenant: datetime) -> Point:
    telephone, lien = ecrire_telephone(offre.lieu.telephone)
    return Point(
        ancre=f"offre-{offre.id}",
        rang=rang,
        page=page,
        lat=offre.lieu.lat,
        lon=offre.lieu.lon,
        etat=_etat(offre, maintenant),
        titre=rendu.titre(offre),
        sous_titre=rendu.sous_titre(offre),
        adresse=rendu.adresse(offre),
        telephone=telephone,
        telephone_lien=lien,
    )


def _etat(offre: Offre, maintenant: datetime) -> str:
    """À la date du lieu : une plage commencée la veille est d’aujourd’hui."""
    if offre.creneaux:
        aujourd_hui = maintenant.astimezone(ZoneInfo(offre.lieu.fuseau)).date()
        return "aujourd_hui" if offre.creneaux[0].debut.date() <= aujourd_hui else "plus_tard"
    return "en_sus" if offre.en_sus else "sans"
