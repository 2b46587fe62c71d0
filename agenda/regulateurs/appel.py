"""Un appel à l’éditeur : délai, TLS de cet éditeur, réponse bornée. Ne lève jamais."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
from yarl import URL

from agenda.domaine.regulateurs import url_creation, url_modification
from agenda.editeurs.client import DELAI_S, EN_TETES
from agenda.editeurs.corps import CorpsRefuse, attente_demandee, lire_corps, premier_motif
from agenda.regulateurs.dialogue import Reponse

TAILLE_MAX = 65_536  # assez pour un OperationOutcome ; le reste d’une réponse n’est pas lu


async def appeler(
    session: aiohttp.ClientSession,
    url_base: str,
    identifiant: str,
    corps: dict[str, Any],
    *,
    tls: ssl.SSLContext | None,
    http_admis: bool = False,
) -> Reponse:
    """PUT sur `identifiant`, ou POST s’il est vide. Aucune redirection n’est suivie."""
    url = url_modification(url_base, identifiant) if identifiant else url_creation(url_base)
    if urlsplit(url).scheme != "https" and not http_admis:
        return Reponse(motif="adresse sans TLS")
    try:
        async with (
            asyncio.timeout(DELAI_S),
            session.request(
                "PUT" if identifiant else "POST",
                URL(url, encoded=True),
                data=msgspec.json.encode(corps),
                headers={**EN_TETES, "Content-Type": "application/json+fhir"},
                allow_redirects=False,
                ssl=tls or True,
            ) as recue,
        ):
            return await _lire(recue)
    except TimeoutError:
        return Reponse(motif="délai dépassé")
    except (aiohttp.ClientError, OSError, ValueError) as erreur:
        return Reponse(motif=f"connexion impossible ({type(erreur).__name__})")


async def _lire(recue: aiohttp.ClientResponse) -> Reponse:
    if 200 <= recue.status < 300:
        return Reponse(recue.status)
    attente_s = attente_demandee(recue.headers.get("Retry-After"), recue.headers.get("Date"))
    try:
        motif = premier_motif(await lire_corps(recue, TAILLE_MAX))
    except CorpsRefuse as refus:
        motif = str(refus)
    suite = f"\u00a0: {motif}" if motif else ""
    return Reponse(recue.status, f"HTTP {recue.status}{suite}", attente_s)
