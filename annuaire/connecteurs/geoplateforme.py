"""Géocodeur de l’État (Géoplateforme) : `GET …/geocodage/search`, réponse GeoJSON.

L’adresse cherchée est souvent le domicile d’un patient : elle part au
géocodeur, et n’est ni journalisée, ni gardée, ni recopiée dans une erreur.
"""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp
import msgspec
import structlog

from annuaire.domaine.territoire import est_en_france
from sas_platform.socle.appels import Boucle, Disjoncteur

DELAI_S = 0.8  # en tout : résolution du nom, connexion et lecture
SCORE_MIN = 0.5
TAILLE_MAX = 200_000

journal = structlog.get_logger(__name__)


class GeocodeurIndisponibleError(Exception):
    """Pas de réponse utilisable ; le message ne contient rien de ce qui était cherché."""


@dataclass(frozen=True, slots=True)
class AdresseTrouvee:
    libelle: str
    type: str
    score: float
    lat: float
    lon: float
    code_insee: str
    code_postal: str


disjoncteur = Disjoncteur()
_boucle = Boucle("geocodeur")


def chercher(url_base: str, texte: str, *, limite: int = 8) -> list[AdresseTrouvee]:
    """Adresses de score suffisant et situées en France, la meilleure d’abord ; rend en 800 ms au plus.

    Lève `GeocodeurIndisponibleError` : délai dépassé, refus, réponse illisible, disjoncteur ouvert.
    """
    if not disjoncteur.laisse_passer():
        raise GeocodeurIndisponibleError("disjoncteur ouvert")
    try:
        trouvees = _lire(_boucle.attendre(_demander(url_base, texte, limite), delai_s=DELAI_S))
    except (aiohttp.ClientError, OSError, ValueError, msgspec.MsgspecError) as erreur:
        disjoncteur.noter(reussi=False)
        journal.warning("geocodeur_indisponible", raison=type(erreur).__name__)
        # Sans la cause : son texte peut contenir l’URL, donc l’adresse.
        raise GeocodeurIndisponibleError(type(erreur).__name__) from None
    disjoncteur.noter(reussi=True)
    return trouvees


async def _demander(url_base: str, texte: str, limite: int) -> bytes:
    parametres = {"q": texte, "limit": str(limite), "index": "address"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url_base.rstrip('/')}/search", params=parametres, allow_redirects=False) as reponse,
    ):
        if reponse.status != 200:
            raise ValueError("refus")
        octets = await reponse.content.read(TAILLE_MAX + 1)
        while not reponse.content.at_eof() and len(octets) <= TAILLE_MAX:
            octets += await reponse.content.read(TAILLE_MAX + 1)
    if len(octets) > TAILLE_MAX:
        raise ValueError("réponse trop longue")
    return octets


class _Proprietes(msgspec.Struct):
    label: str = ""
    score: float = 0.0
    type: str = ""
    citycode: str = ""
    postcode: str = ""


class _Geometrie(msgspec.Struct):
    coordinates: tuple[float, float]


class _Entite(msgspec.Struct):
    properties: _Proprietes
    geometry: _Geometrie


class _Collection(msgspec.Struct):
    features: list[_Entite]


_decodeur = msgspec.json.Decoder(_Collection)


def _lire(octets: bytes) -> list[AdresseTrouvee]:
    trouvees = []
    for entite in _decodeur.decode(octets).features:
        proprietes, (lon, lat) = entite.properties, entite.geometry.coordinates
        if proprietes.score >= SCORE_MIN and est_en_france(lat, lon):
            trouvees.append(
                AdresseTrouvee(
                    libelle=proprietes.label[:200],
                    type=proprietes.type,
                    score=proprietes.score,
                    lat=lat,
                    lon=lon,
                    code_insee=proprietes.citycode,
                    code_postal=proprietes.postcode,
                )
            )
    return sorted(trouvees, key=lambda trouvee: -trouvee.score)
