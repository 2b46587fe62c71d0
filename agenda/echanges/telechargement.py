"""Lire un calendrier à l’adresse qu’une personne a donnée, sans que cette adresse puisse viser notre réseau."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from agenda.editeurs.client import contexte_tls

TAILLE_MAX = 1_000_000
DELAI_S = 10.0
SUITES_MAX = 3
LONGUEUR_MAX = 500
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class LectureImpossible(Exception):
    """Le message est montrable ; il ne dit rien de ce que l’adresse visée a répondu."""


def adresse_admise(texte: str) -> str:
    """L’adresse, en https. Lève `LectureImpossible` : autre protocole, port, identifiants, adresse IP."""
    adresse = texte.strip()
    if adresse.lower().startswith("webcal://"):
        adresse = f"https://{adresse[len('webcal://') :]}"
    try:
        morceaux = urlsplit(adresse)
        hote, port = morceaux.hostname or "", morceaux.port
    except ValueError:
        raise LectureImpossible("Cette adresse ne se lit pas.") from None
    if len(adresse) > LONGUEUR_MAX or any(signe.isspace() or not signe.isprintable() for signe in adresse):
        raise LectureImpossible("Cette adresse ne se lit pas.")
    if morceaux.scheme.lower() != "https":
        raise LectureImpossible("L’adresse doit commencer par https://.")
    if morceaux.username is not None or morceaux.password is not None or port not in (None, 443):
        raise LectureImpossible("L’adresse ne doit porter ni identifiants, ni port.")
    if "." not in hote.strip(".") or _est_une_ip(hote):
        raise LectureImpossible("L’adresse doit nommer un site public.")
    return adresse


def _est_une_ip(hote: str) -> bool:
    try:
        socket.inet_aton(hote)  # admet aussi 127.1 et 0x7f.1
    except (OSError, UnicodeError):
        return ":" in hote
    return True


def est_publique(ip: str) -> bool:
    """Vrai si l’adresse est celle d’une machine d’internet : ni boucle, ni réseau privé ou local, ni passerelle vers eux."""
    try:
        adresse = ipaddress.ip_address(ip.split("%")[0])
    except ValueError:
        return False
    if isinstance(adresse, ipaddress.IPv6Address):
        incluses = [adresse.ipv4_mapped, adresse.sixtofour, *(adresse.teredo or ())]
        if adresse in _NAT64 or any(incluses):
            return False
    return adresse.is_global and not adresse.is_multicast and not adresse.is_reserved


class _Resolveur(AbstractResolver):
    """Résout puis vérifie ; la connexion se fait à ces adresses-là, sans nouvelle question au DNS."""

    def __init__(self, admise: Callable[[str], bool]) -> None:
        self.admise = admise
        self.dedans = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        trouvees = await self.dedans.resolve(host, port, family)
        if not trouvees or not all(self.admise(trouvee["host"]) for trouvee in trouvees):
            raise LectureImpossible("L’adresse doit nommer un site public.")
        return trouvees

    async def close(self) -> None:
        await self.dedans.close()


def telecharger(
    url: str, *, admise: Callable[[str], bool] = est_publique, tls: ssl.SSLContext | None = None
) -> bytes:
    """Le contenu, 1 Mo et 10 s au plus, redirections du même hôte comprises. Lève `LectureImpossible`."""
    try:
        return asyncio.run(asyncio.wait_for(_telecharger(url, admise, tls), DELAI_S))
    except LectureImpossible:
        raise
    except TimeoutError:
        raise LectureImpossible("Ce site met trop longtemps à répondre.") from None
    except (aiohttp.ClientError, OSError, ValueError):
        raise LectureImpossible("Ce site ne répond pas.") from None


async def _telecharger(url: str, admise: Callable[[str], bool], tls: ssl.SSLContext | None) -> bytes:
    adresse = adresse_admise(url) if tls is None else url
    connecteur = aiohttp.TCPConnector(resolver=_Resolveur(admise), ssl=tls or contexte_tls(), limit=1)
    en_tetes = {"Accept": "text/calendar", "Accept-Encoding": "identity", "User-Agent": "plateforme-sas"}
    async with aiohttp.ClientSession(connector=connecteur, headers=en_tetes, trust_env=False) as session:
        for _ in range(SUITES_MAX + 1):
            async with session.get(adresse, allow_redirects=False) as reponse:
                if reponse.status in (301, 302, 303, 307, 308):
                    adresse = _suite(adresse, reponse.headers.get("Location", ""))
                    continue
                if reponse.status != 200:
                    raise LectureImpossible(f"Ce site répond par une erreur ({reponse.status}).")
                return await _lire(reponse)
    raise LectureImpossible("Ce site renvoie sans fin d’une adresse à une autre.")


def _suite(depuis: str, vers: str) -> str:
    suivante = urljoin(depuis, vers)
    avant, apres = urlsplit(depuis), urlsplit(suivante)
    if apres.scheme != "https" or (apres.hostname, apres.port) != (avant.hostname, avant.port):
        raise LectureImpossible("Ce site renvoie ailleurs\u00a0: donnez l’adresse finale du calendrier.")
    return suivante


async def _lire(reponse: aiohttp.ClientResponse) -> bytes:
    if reponse.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise LectureImpossible("Ce site répond sous une forme qui ne se lit pas.")
    morceaux = bytearray()
    async for morceau in reponse.content.iter_chunked(65_536):
        morceaux += morceau
        if len(morceaux) > TAILLE_MAX:
            raise LectureImpossible("Ce calendrier dépasse 1 Mo.")
    return bytes(morceaux)
