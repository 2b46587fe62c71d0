"""Calcul d’itinéraire de l’État (Géoplateforme) : `GET …/itineraire`, une durée par trajet.

Le départ est souvent le domicile d’un patient : il part arrondi à cent mètres,
et n’est ni journalisé, ni recopié dans une erreur.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from math import ceil, isfinite

import aiohttp
import msgspec
import structlog

from sas_platform.socle.appels import Boucle, Disjoncteur

DELAI_S = 0.8  # en tout, pour tous les trajets d’une page
DECIMALES = 3  # une centaine de mètres
TAILLE_MAX = 400_000
DUREE_MAX_S = 24 * 3600

Point = tuple[float, float]  # latitude, longitude

journal = structlog.get_logger(__name__)
disjoncteur = Disjoncteur()
_boucle = Boucle("itineraires")


def arrondi(point: Point) -> Point:
    return round(point[0], DECIMALES), round(point[1], DECIMALES)


def durees_min(url_base: str, depart: Point, arrivees: Sequence[Point]) -> list[int | None]:
    """Minutes en voiture vers chaque arrivée, dans l’ordre ; `None` quand on ne sait pas. Rend en 800 ms au plus."""
    if not arrivees or not disjoncteur.laisse_passer():
        return [None] * len(arrivees)
    durees: list[int | None] = [None] * len(arrivees)
    try:
        durees = _boucle.attendre(_demander_tous(url_base, depart, arrivees), delai_s=DELAI_S + 0.1)
    except OSError as erreur:  # dont le délai dépassé
        journal.warning("itineraire_indisponible", raison=type(erreur).__name__)
    disjoncteur.noter(reussi=any(duree is not None for duree in durees))
    return durees


async def _demander_tous(url_base: str, depart: Point, arrivees: Sequence[Point]) -> list[int | None]:
    """Ceux qui répondent à temps comptent, même si un autre traîne."""
    delai = aiohttp.ClientTimeout(total=DELAI_S)
    async with aiohttp.ClientSession(timeout=delai) as session:
        return list(
            await asyncio.gather(*(_demander(session, url_base, depart, arrivee) for arrivee in arrivees))
        )


async def _demander(
    session: aiohttp.ClientSession, url_base: str, depart: Point, arrivee: Point
) -> int | None:
    parametres = {
        "resource": "bdtopo-osrm",
        "profile": "car",
        "optimization": "fastest",
        "start": _lon_lat(depart),
        "end": _lon_lat(arrivee),
        "timeUnit": "second",
        "getSteps": "false",
        "getBbox": "false",
    }
    adresse = f"{url_base.rstrip('/')}/itineraire"
    try:
        async with session.get(adresse, params=parametres, allow_redirects=False) as reponse:
            if reponse.status != 200:
                raise ValueError("refus")
            octets = await reponse.content.read(TAILLE_MAX + 1)
            while not reponse.content.at_eof() and len(octets) <= TAILLE_MAX:
                octets += await reponse.content.read(TAILLE_MAX + 1)
        return _lire(octets)
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError, msgspec.MsgspecError) as erreur:
        # Le type seul : le texte d’une erreur peut contenir l’URL, donc le point de départ.
        journal.warning("itineraire_indisponible", raison=type(erreur).__name__)
        return None


def _lon_lat(point: Point) -> str:
    lat, lon = arrondi(point)
    return f"{lon},{lat}"


class _Itineraire(msgspec.Struct):
    duration: float


_decodeur = msgspec.json.Decoder(_Itineraire)


def _lire(octets: bytes) -> int:
    if len(octets) > TAILLE_MAX:
        raise ValueError("réponse trop longue")
    secondes = _decodeur.decode(octets).duration
    if not isfinite(secondes) or not 0 <= secondes <= DUREE_MAX_S:
        raise ValueError("durée invraisemblable")
    return max(1, ceil(secondes / 60))
