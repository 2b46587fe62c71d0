"""Ce que l’éditeur simulé peut faire de travers, à la demande : pour tous (`POST /pannes`) ou pour une requête.

Une requête choisit sa panne par son chemin, `/panne/<mode>/fhir/Slot?…` : un
éditeur déclaré avec `…/panne/bombe/fhir` pour adresse de base est donc
toujours en panne, sans déranger les autres.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec
from aiohttp import web

from sas_platform.demo.editeur_simule.bundle import echec

TYPE_FHIR = "application/fhir+json"
INTRUS = "899999999999"  # praticien que personne n’a demandé
MEGA = 1024 * 1024
TAILLE_ENORME = 50 * MEGA
TAILLE_BOMBE = 200 * MEGA
REESSAYER_S = 30
GOUTTE_S = 0.5
SCRIPT = "<script>alert(1)</script>"
_DEBUT = b'{"resourceType":"Bundle","type":"searchset","total":0'

Suite = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Mode(StrEnum):
    AUCUNE = "aucune"
    LENT = "lent"
    DELAI = "delai"
    ERREUR_500 = "erreur_500"
    TROP_DE_REQUETES = "trop_de_requetes"
    COUPURE = "coupure"
    REDIRECTION = "redirection"
    PAS_DU_JSON = "pas_du_json"
    ENORME = "enorme"
    BOMBE = "bombe"
    GOUTTE_A_GOUTTE = "goutte_a_goutte"
    MALFORME = "malforme"
    MAUVAIS_PRATICIENS = "mauvais_praticiens"
    CLES_REPETEES = "cles_repetees"
    IMBRICATION = "imbrication"
    IDS_GEANTS = "ids_geants"
    SCRIPT = "script"


ATTENTES_S = {Mode.LENT: 3.0, Mode.DELAI: 30.0}
ATTENTE_MAX_S = 120.0


@dataclass(slots=True)
class Panne:
    """Panne en cours. `secondes` : attente avant de répondre, pour les modes `lent` et `delai`."""

    mode: Mode = Mode.AUCUNE
    secondes: float = 0.0

    @classmethod
    def lire(cls, mode: object, secondes: object = None) -> Panne:
        """Lève `ValueError` si le mode est inconnu ou l’attente hors de [0, 120]."""
        choisi = Mode(str(mode))
        if secondes is None:
            return cls(choisi, ATTENTES_S.get(choisi, 0.0))
        if isinstance(secondes, bool) or not isinstance(secondes, int | float):
            raise ValueError("secondes : un nombre")
        if not 0 <= secondes <= ATTENTE_MAX_S:
            raise ValueError(f"secondes : de 0 à {ATTENTE_MAX_S:g}")
        return cls(choisi, float(secondes))


async def repondre(panne: Panne, requete: web.Request, suite: Suite) -> web.StreamResponse:
    """La réponse de `suite`, ou ce que la panne en fait."""
    if panne.secondes:
        await asyncio.sleep(panne.secondes)
    remplacer = _REMPLACER.get(panne.mode)
    if remplacer:
        return await remplacer(requete)
    reponse = await suite(requete)
    deformer = _DEFORMER.get(panne.mode)
    if deformer and isinstance(reponse, web.Response) and isinstance(reponse.body, bytes):
        return web.Response(body=deformer(reponse.body), status=reponse.status, headers=reponse.headers)
    return reponse


# --- Réponses remplacées ----------------------------------------------------------


async def _erreur_500(requete: web.Request) -> web.StreamResponse:
    return _fhir(echec("exception", "panne simulée"), 500)


async def _trop_de_requetes(requete: web.Request) -> web.StreamResponse:
    return _fhir(echec("throttled", "trop de requêtes"), 429, {"Retry-After": str(REESSAYER_S)})


async def _coupure(requete: web.Request) -> web.StreamResponse:
    """La connexion se ferme au milieu d’une réponse qui en annonçait davantage."""
    reponse = web.StreamResponse(headers={"Content-Type": TYPE_FHIR, "Content-Length": str(MEGA)})
    await reponse.prepare(requete)
    await reponse.write(_DEBUT)
    if requete.transport is not None:
        requete.transport.close()
    return reponse


async def _redirection(requete: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": "https://ailleurs.exemple.invalid/fhir/Slot"})


async def _pas_du_json(requete: web.Request) -> web.StreamResponse:
    return web.Response(text="<!doctype html><title>Maintenance</title>", content_type="text/html")


async def _enorme(requete: web.Request) -> web.StreamResponse:
    blancs = (b" " * MEGA for _ in range(TAILLE_ENORME // MEGA))
    return await _couler(requete, [_DEBUT, *blancs, b"}"], {})


async def _bombe(requete: web.Request) -> web.StreamResponse:
    return await _couler(requete, _comprimes(), {"Content-Encoding": "gzip"})


async def _goutte_a_goutte(requete: web.Request) -> web.StreamResponse:
    """Un octet par demi-seconde : jamais assez lent pour un délai d’inactivité, toujours trop pour un délai total."""
    gouttes = (_DEBUT[rang % len(_DEBUT) :][:1] for rang in range(int(ATTENTE_MAX_S / GOUTTE_S)))
    return await _couler(requete, gouttes, {}, pause_s=GOUTTE_S)


async def _couler(
    requete: web.Request, morceaux: Any, entetes: dict[str, str], pause_s: float = 0.0
) -> web.StreamResponse:
    """Envoie tant que le client écoute."""
    reponse = web.StreamResponse(headers={"Content-Type": TYPE_FHIR, **entetes})
    try:
        await reponse.prepare(requete)
        for morceau in morceaux:
            await reponse.write(morceau)
            await asyncio.sleep(pause_s)
        await reponse.write_eof()
    except ConnectionError:
        pass  # le client a raccroché, c’est ce qu’on attend de lui
    return reponse


def _comprimes() -> Iterator[bytes]:
    compresseur = zlib.compressobj(9, wbits=31)
    yield compresseur.compress(_DEBUT)
    for _ in range(TAILLE_BOMBE // MEGA):
        yield compresseur.compress(b" " * MEGA)
    yield compresseur.compress(b"}") + compresseur.flush()


# --- Bonnes réponses abîmées -----------------------------------------------------


def _couper(octets: bytes) -> bytes:
    return octets[: len(octets) // 2]


def _changer_les_praticiens(octets: bytes) -> bytes:
    """Les créneaux d’un autre, sous un identifiant que personne n’a demandé."""
    corps = msgspec.json.decode(octets)
    for ressource in _ressources(corps, "Practitioner", "Organization"):
        for identifiant in ressource.get("identifier", ()):
            identifiant["value"] = f"3{INTRUS:0>14}" if len(identifiant["value"]) == 15 else INTRUS
    return msgspec.json.encode(corps)


def _repeter_les_cles(octets: bytes) -> bytes:
    return octets.replace(b'"status":"free"', b'"status":"busy","status":"free"')


def _imbriquer(octets: bytes) -> bytes:
    profondeur = 50_000
    gouffre = b'"abime":' + b"[" * profondeur + b"]" * profondeur + b","
    return octets.replace(b'"resourceType":"Slot",', b'"resourceType":"Slot",' + gouffre, 1)


def _allonger_les_ids(octets: bytes) -> bytes:
    corps = msgspec.json.decode(octets)
    for slot in _ressources(corps, "Slot"):
        slot["id"] = slot["id"] + "x" * 10_000
    return msgspec.json.encode(corps)


def _glisser_un_script(octets: bytes) -> bytes:
    corps = msgspec.json.decode(octets)
    for slot in _ressources(corps, "Slot"):
        slot["serviceType"] = [s for s in slot["serviceType"] if "text" not in s] + [{"text": SCRIPT}]
    for praticien in _ressources(corps, "Practitioner"):
        praticien["name"] = [{"family": SCRIPT, "given": [SCRIPT]}]
    return msgspec.json.encode(corps)


def _ressources(corps: Any, *types: str) -> list[dict[str, Any]]:
    entrees = corps.get("entry", ()) if isinstance(corps, dict) else ()
    return [e["resource"] for e in entrees if e["resource"]["resourceType"] in types]


def _fhir(contenu: dict[str, Any], statut: int, entetes: dict[str, str] | None = None) -> web.Response:
    octets = msgspec.json.encode(contenu)
    return web.Response(body=octets, status=statut, content_type=TYPE_FHIR, charset="utf-8", headers=entetes)


_REMPLACER: dict[Mode, Suite] = {
    Mode.ERREUR_500: _erreur_500,
    Mode.TROP_DE_REQUETES: _trop_de_requetes,
    Mode.COUPURE: _coupure,
    Mode.REDIRECTION: _redirection,
    Mode.PAS_DU_JSON: _pas_du_json,
    Mode.ENORME: _enorme,
    Mode.BOMBE: _bombe,
    Mode.GOUTTE_A_GOUTTE: _goutte_a_goutte,
}
_DEFORMER: dict[Mode, Callable[[bytes], bytes]] = {
    Mode.MALFORME: _couper,
    Mode.MAUVAIS_PRATICIENS: _changer_les_praticiens,
    Mode.CLES_REPETEES: _repeter_les_cles,
    Mode.IMBRICATION: _imbriquer,
    Mode.IDS_GEANTS: _allonger_les_ids,
    Mode.SCRIPT: _glisser_un_script,
}
