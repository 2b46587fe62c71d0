"""Combien de temps jusqu’à chaque lieu d’une page : calculé, gardé un quart d’heure, ou estimé."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from math import cos, hypot, radians

from django.conf import settings
from django.core.cache import cache

from annuaire.domaine.territoire import KM_PAR_DEGRE
from annuaire.enums import PrecisionGeo
from annuaire.lectures import LieuTrouve
from annuaire.models import Departement, LieuExercice
from orientation.domaine.trajet import Zone, en_clair, estimation_min, zone
from orientation.trajets import itineraire
from orientation.trajets.itineraire import Point, arrondi

GARDE_S = 15 * 60
APPELS_PAR_SECONDE = 5  # limite d’usage publiée par la Géoplateforme, pour toute la plateforme


@dataclass(frozen=True, slots=True)
class Trajets:
    """Textes par ancre de carte. `a_preciser` : d’autres durées s’obtiendront en redemandant une seconde plus tard."""

    textes: dict[str, str]
    a_preciser: bool


def trajets(depart: LieuTrouve, lieu_ids: Sequence[int], *, maintenant: datetime) -> Trajets:
    """Rien si le départ n’est que le centre d’un département : une durée n’y voudrait rien dire."""
    if depart.precision == PrecisionGeo.DEPARTEMENT:
        return Trajets({}, a_preciser=False)
    arrivees = {
        pk: (lat, lon)
        for pk, lat, lon in LieuExercice.objects.filter(
            pk__in=lieu_ids, lat__isnull=False, lon__isnull=False
        ).values_list("pk", "lat", "lon")
    }
    ici = (depart.lat, depart.lon)
    calculees, a_preciser = _calculer(ici, arrivees, maintenant) if settings.ITINERAIRE_URL else ({}, False)
    ici_zone = _zone(depart.departement)
    du_centre = depart.precision == PrecisionGeo.COMMUNE
    textes = {}
    for pk, arrivee in arrivees.items():
        duree = calculees.get(pk)
        minutes = duree if duree is not None else estimation_min(_distance_km(ici, arrivee), ici_zone)
        textes[f"offre-l{pk}"] = en_clair(minutes, estime=duree is None, du_centre=du_centre)
    return Trajets(textes, a_preciser)


def _calculer(ici: Point, arrivees: dict[int, Point], maintenant: datetime) -> tuple[dict[int, int], bool]:
    """Durées déjà gardées, puis celles que le service donne dans la limite de la seconde en cours."""
    cles = {pk: _cle(ici, arrivee) for pk, arrivee in arrivees.items()}
    gardees = cache.get_many(cles.values())
    connues = {pk: gardees[cle] for pk, cle in cles.items() if cle in gardees}
    restent = [pk for pk in arrivees if pk not in connues]
    admis = restent[: _reserver(len(restent), maintenant)]
    if not admis:
        return connues, bool(restent)
    durees = itineraire.durees_min(settings.ITINERAIRE_URL, ici, [arrivees[pk] for pk in admis])
    nouvelles = {pk: duree for pk, duree in zip(admis, durees, strict=True) if duree is not None}
    cache.set_many({cles[pk]: duree for pk, duree in nouvelles.items()}, GARDE_S)
    # Un service muet ne se redemande pas : le disjoncteur s’ouvrirait pour rien.
    return connues | nouvelles, bool(nouvelles) and len(restent) > len(admis)


def _reserver(nombre: int, maintenant: datetime) -> int:
    """Combien d’appels, sur `nombre`, tiennent dans la limite de cette seconde, tous processus confondus."""
    if not nombre:
        return 0
    cle = f"trajets:appels:{int(maintenant.timestamp())}"
    cache.add(cle, 0, timeout=5)
    total = cache.incr(cle, nombre)
    return max(0, min(nombre, APPELS_PAR_SECONDE - (total - nombre)))


def _cle(ici: Point, arrivee: Point) -> str:
    """Empreinte à clé secrète de deux points arrondis : le cache ne dit pas d’où l’on part."""
    message = f"{arrondi(ici)}|{arrondi(arrivee)}".encode()
    return f"trajet:{hmac.new(settings.SECRET_KEY.encode(), message, sha256).hexdigest()}"


def _zone(departement: str) -> Zone:
    rayon = Departement.objects.filter(pk=departement).values_list("rayon_defaut_km", flat=True).first()
    return zone(rayon) if rayon else Zone.MIXTE


def _distance_km(un: Point, autre: Point) -> float:
    est_ouest = (autre[1] - un[1]) * cos(radians((un[0] + autre[0]) / 2))
    return KM_PAR_DEGRE * hypot(autre[0] - un[0], est_ouest)
