"""Appel d’un éditeur : les requêtes de créneaux, leurs délais, et la traduction de leurs échecs en `EtatLot`."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import cache
from urllib.parse import quote, urljoin, urlsplit

import aiohttp
from yarl import URL

from agenda.editeurs import codes, fhir
from agenda.editeurs.corps import CorpsRefuse, attente_demandee, lire_corps, premier_motif
from agenda.editeurs.normaliseur import TAILLE_MAX
from agenda.editeurs.reconnaissance import Decoupe
from agenda.editeurs.verdicts import PARIS, Cas
from agenda.enums import EtatLot
from sas_platform.socle.intervalles import Intervalle

# Identifiants par requête. Pour SOS Médecins le guide dit 10 ici et 25 là : dix passent partout.
IDENTIFIANTS_MAX: dict[str, int] = {"ps": 25, "cpts": 25, "sos": 10}
PAGES_MAX = 10
DELAI_S = 7.0
DELAI_CONNEXION_S = 2.0
DELAI_MOTIF_S = 0.5  # un échec se sait à son état : le motif ne vaut pas d’attendre
MOTIF_TAILLE_MAX = 65_536
EN_TETES = {
    "Accept": "application/json+fhir",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "plateforme-sas",
}


@dataclass(frozen=True, slots=True)
class Reponse:
    """Ce qu’a rendu un éditeur. `tronquee` : des pages n’ont pas été suivies, une absence ne prouve rien.

    `sans_jeton` : parce que le budget de l’éditeur était épuisé. `decoupe` : de ces pages, s’il en était demandé une.
    """

    etat: EtatLot
    # Hors de `repr` : à chaque appel, asyncio demande celui de la tâche, et par elle de ce qu’elle rend.
    pages: list[bytes] = field(default_factory=list, repr=False)
    duree_ms: int = 0
    tronquee: bool = False
    sans_jeton: bool = False
    detail: str = ""
    attente_s: int = 0  # temps que l’éditeur demande d’attendre avant le prochain appel (Retry-After)
    code_http: int = 0  # de l’échec ; 0 quand aucune réponse n’est arrivée
    decoupe: Decoupe | None = field(default=None, repr=False)


class _Echec(Exception):
    def __init__(self, etat: EtatLot, code_http: int, detail: str = "", attente_s: int = 0) -> None:
        super().__init__(detail)
        self.etat = etat
        self.code_http = code_http
        self.detail = f"HTTP {code_http}{f' : {detail}' if detail else ''}"
        self.attente_s = attente_s


@cache
def contexte_tls() -> ssl.SSLContext:
    """TLS 1.2 au moins, serveur vérifié ; lu une fois par processus, ce qui coûte quatre fois un lot entier."""
    contexte = ssl.create_default_context()
    contexte.minimum_version = ssl.TLSVersion.TLSv1_2
    return contexte


def ouvrir_session(tls: ssl.SSLContext | None = None) -> aiohttp.ClientSession:
    """Session sans témoins ni mandataire d’environnement ; à fermer par l’appelant, dans la même boucle."""
    connecteur = aiohttp.TCPConnector(ssl=tls or contexte_tls(), limit=0, ttl_dns_cache=60)
    delais = aiohttp.ClientTimeout(total=DELAI_S, sock_connect=DELAI_CONNEXION_S)
    return aiohttp.ClientSession(
        connector=connecteur,
        timeout=delais,
        headers=EN_TETES,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,  # `lire_corps` borne ce que la décompression produit
    )


def url_creneaux(url_base: str, identifiants: Collection[str], fenetre: Intervalle, cas: Cas = "ps") -> str:
    """URL de la recherche de créneaux d’un lot, `+` et `|` encodés, bornes à l’heure de Paris.

    La fenêtre exclut sa fin et le paramètre l’inclut : on demande jusqu’à la seconde qui précède.
    """
    if not 0 < len(identifiants) <= IDENTIFIANTS_MAX[cas]:
        raise ValueError(f"de 1 à {IDENTIFIANTS_MAX[cas]} identifiants par requête")
    bornes = f"ge{_instant(fenetre.debut)}", f"le{_instant(fenetre.fin - timedelta(seconds=1))}"
    if cas == "sos":
        ressource, parametres = "Schedule", _parametres_sos(identifiants, bornes)
    else:
        ressource, parametres = "Slot", _parametres_ps(identifiants, bornes)
        if (
            cas == "cpts"
        ):  # ces deux inclusions seules disent à l’éditeur que l’on attend les créneaux des CPTS
            parametres += [
                ("_include", "Slot:service-type-reference"),
                ("_include:iterate", "HealthcareService:organization"),
            ]
    requete = "&".join(f"{nom}={valeur}" for nom, valeur in parametres)
    return f"{url_base.rstrip('/')}/{ressource}?{requete}"


def _parametres_ps(identifiants: Collection[str], bornes: tuple[str, str]) -> list[tuple[str, str]]:
    return [
        ("_include", "Slot:schedule"),
        ("_include:iterate", "Schedule:actor"),
        *(("start", borne) for borne in bornes),
        ("schedule.actor:Practitioner.identifier", _jetons(codes.OID_PERSONNE, identifiants)),
        ("status", "free"),
    ]


def _parametres_sos(identifiants: Collection[str], bornes: tuple[str, str]) -> list[tuple[str, str]]:
    return [
        ("_revinclude", "Slot:schedule"),
        ("_include", "Schedule:actor:Location"),
        ("_include:iterate", "Location:organization"),
        *(("_has:Slot:schedule:start", borne) for borne in bornes),
        ("_has:Slot:schedule:status", "free"),
        ("actor:Location.organization.identifier", _jetons(codes.OID_STRUCTURE, identifiants)),
    ]


def _jetons(systeme: str, identifiants: Collection[str]) -> str:
    """Encodés un à un : d’un bloc, `quote` passerait par chacun de leurs mille caractères."""
    prefixe = quote(f"{systeme}|", safe=":")
    return ",".join([prefixe + quote(identifiant) for identifiant in sorted(identifiants)])


async def interroger(
    session: aiohttp.ClientSession,
    url: str,
    *,
    http_admis: bool = False,
    tls: ssl.SSLContext | None = None,
    suivre: Callable[[], bool] = lambda: True,
    decoupe: Decoupe | None = None,
) -> Reponse:
    """Lit la réponse et ses pages dans un seul délai de sept secondes. Ne lève jamais.

    Aucune redirection n’est suivie, et une page suivante ne l’est que sur la
    même origine. `http_admis` : la démonstration et les tests se passent de TLS.
    `tls` : celui de l’éditeur (`agenda.editeurs.certificats`), à défaut celui de la session.
    `suivre` : demandé avant chaque page suivante, qui est une requête de plus chez l’éditeur.
    `decoupe` : coupe les pages à leur arrivée ; la suivante n’est cherchée que dans ce qui en reste.
    """
    boucle = asyncio.get_running_loop()
    debut = boucle.time()
    if urlsplit(url).scheme != "https" and not http_admis:
        return Reponse(EtatLot.RESEAU, detail="adresse sans TLS")
    pages: list[bytes] = []
    fin = _Fin.ENTIERE
    etat, detail, attente_s, code_http = EtatLot.REUSSI, "", 0, 0
    try:
        async with asyncio.timeout(DELAI_S):
            fin = await _lire_pages(session, url, pages, tls, suivre, decoupe)
    except _Echec as echec:
        etat, detail = echec.etat, echec.detail
        attente_s, code_http = echec.attente_s, echec.code_http
    except CorpsRefuse as refus:
        etat, detail = EtatLot.ILLISIBLE, str(refus)
    except TimeoutError:
        etat, detail = EtatLot.DELAI, "délai dépassé"
    except (aiohttp.ClientError, OSError, ValueError) as erreur:
        etat, detail = EtatLot.RESEAU, type(erreur).__name__
    duree_ms = round((boucle.time() - debut) * 1000)
    if etat != EtatLot.REUSSI:
        return Reponse(etat, duree_ms=duree_ms, detail=detail, attente_s=attente_s, code_http=code_http)
    tronquee, sans_jeton = fin != _Fin.ENTIERE, fin == _Fin.SANS_JETON
    return Reponse(etat, pages, duree_ms, tronquee, sans_jeton, decoupe=decoupe)


class _Fin(Enum):
    """Pourquoi on n’a pas lu plus de pages."""

    ENTIERE = auto()
    TRONQUEE = auto()
    SANS_JETON = auto()


async def _lire_pages(
    session: aiohttp.ClientSession,
    url: str,
    pages: list[bytes],
    tls: ssl.SSLContext | None,
    suivre: Callable[[], bool],
    decoupe: Decoupe | None,
) -> _Fin:
    """Remplit `pages`."""
    vues = {url}
    reste = TAILLE_MAX
    while True:
        page = await _lire_page(session, url, reste, tls)
        pages.append(page)
        reste -= len(page)
        suivante = _page_suivante(decoupe.couper(page) if decoupe else page, url)
        if not suivante:
            return _Fin.ENTIERE
        if len(pages) >= PAGES_MAX or suivante in vues or not _meme_origine(suivante, url):
            return _Fin.TRONQUEE
        if not suivre():
            return _Fin.SANS_JETON
        vues.add(suivante)
        url = suivante


async def _lire_page(
    session: aiohttp.ClientSession, url: str, reste: int, tls: ssl.SSLContext | None
) -> bytes:
    async with session.get(URL(url, encoded=True), allow_redirects=False, ssl=tls or True) as reponse:
        if reponse.status != 200:
            raise await _echec(reponse)
        return await lire_corps(reponse, reste)


async def _echec(reponse: aiohttp.ClientResponse) -> _Echec:
    """Ce que dit un état autre que 200, avec le premier motif de l’OperationOutcome s’il arrive vite."""
    motif = ""
    if reponse.status >= 400:
        with suppress(TimeoutError, CorpsRefuse, aiohttp.ClientError, OSError):
            async with asyncio.timeout(DELAI_MOTIF_S):
                motif = premier_motif(await lire_corps(reponse, MOTIF_TAILLE_MAX))
    if reponse.status == 429 or reponse.status >= 500:
        attente_s = attente_demandee(reponse.headers.get("Retry-After"), reponse.headers.get("Date"))
        return _Echec(EtatLot.PANNE, reponse.status, motif, attente_s)
    etat = EtatLot.REFUS if reponse.status >= 400 else EtatLot.ILLISIBLE
    return _Echec(etat, reponse.status, motif)


def _page_suivante(page: bytes, url: str) -> str:
    if b'"next"' not in page:
        return ""
    try:
        suivante = fhir.lire_enveloppe(page).lien("next")
    except fhir.BundleInvalide:
        return ""  # le normaliseur le dira
    try:
        return urljoin(url, suivante) if suivante else ""
    except ValueError:
        return suivante  # ce n’est pas une adresse : elle ne sera pas suivie


def _meme_origine(suivante: str, url: str) -> bool:
    """Faux aussi d’une adresse illisible : sa faute ne coûte pas les pages déjà lues."""
    try:
        return _origine(suivante) == _origine(url)
    except ValueError:
        return False


def _origine(url: str) -> tuple[str, str | None, int | None]:
    morceaux = urlsplit(url)
    return morceaux.scheme, morceaux.hostname, morceaux.port


def _instant(instant: datetime) -> str:
    return quote(instant.astimezone(PARIS).isoformat(timespec="milliseconds"), safe=":")
