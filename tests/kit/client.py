"""Le client du kit, à nous : ses requêtes, mot pour mot, et la lecture de ses réponses."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from urllib.parse import quote

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from yarl import URL

from sas_platform.demo.editeur_simule.application import EditeurSimule
from sas_platform.demo.editeur_simule.recherche import PARIS
from sas_platform.demo.editeur_simule.titulaires import Cas, Titulaire

MAINTENANT = dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC)  # lundi, 9 h à Paris
OPTIONS: tuple[Cas, ...] = ("ps", "cpts")  # ig_launch_1 et ig_launch_2
T = TypeVar("T")

_FR, _SAS = (
    "http://sas.fr/fhir/StructureDefinition",
    "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition",
)
SCHEDULE = f"{_FR}/FrScheduleAgregateur"
PRACTITIONER = f"{_FR}/FrPractitionerAgregateur"
ROLE = f"{_FR}/FrPractitionerRoleExerciceAgregateur"
SERVICE = f"{_SAS}/sas-cpts-healthcareservice-aggregator"
ORGANISATION = f"{_SAS}/sas-cpts-organization-aggregator"
SLOT: dict[Cas, str] = {"ps": f"{_FR}/FrSlotAgregateur", "cpts": f"{_SAS}/sas-cpts-slot-aggregator"}
BUNDLE: dict[Cas, str] = {"ps": f"{_FR}/BundleAgregateur", "cpts": f"{_SAS}/sas-cpts-bundle-aggregator"}


@dataclass(frozen=True, slots=True)
class Reponse:
    statut: int
    type: str
    lieu: str
    corps: bytes

    def json(self) -> Any:
        return json.loads(self.corps)


class Client:
    """Appels à un éditeur en marche ; l’adresse est envoyée telle quelle, aucune redirection n’est suivie."""

    def __init__(self, session: ClientSession, racine: str) -> None:
        self._session = session
        self._racine = racine

    async def appeler(self, methode: str, chemin: str, **options: Any) -> Reponse:
        adresse = URL(chemin if chemin.startswith("http") else f"{self._racine}{chemin}", encoded=True)
        async with self._session.request(methode, adresse, allow_redirects=False, **options) as reponse:
            lieu, type_ = (reponse.headers.get(nom, "") for nom in ("Location", "Content-Type"))
            return Reponse(reponse.status, type_, lieu, await reponse.read())


def jouer(serveur: EditeurSimule, scenario: Callable[[Client], Awaitable[T]]) -> T:
    async def tout() -> T:
        async with TestServer(serveur.application()) as hote, ClientSession() as session:
            return await scenario(Client(session, str(hote.make_url("")).rstrip("/")))

    return asyncio.run(tout())


def demander(serveur: EditeurSimule, chemin: str, methode: str = "GET", **options: Any) -> Reponse:
    return jouer(serveur, lambda client: client.appeler(methode, chemin, **options))


def editeur_du_kit(maintenant: dt.datetime = MAINTENANT) -> EditeurSimule:
    serveur = EditeurSimule((), horloge=lambda: maintenant)
    serveur.jouer("kit")
    return serveur


def requete(cas: Cas, *praticiens: Titulaire, maintenant: dt.datetime = MAINTENANT) -> str:
    """Celle du kit : de maintenant à 23 h 59 le surlendemain, à l’heure de Paris, qu’il écrit mal.

    Pour les PS il l’étiquette +00:00 ; pour les CPTS il n’écrit pas de décalage.
    """
    ici = maintenant.astimezone(PARIS)
    fin = dt.datetime.combine(ici.date() + dt.timedelta(days=2), dt.time(23, 59, 59))
    decalage = "+00:00" if cas == "ps" else ""
    bornes = [f"{b:%Y-%m-%dT%H:%M:%S}.000{decalage}" for b in (ici, fin)]
    jetons = ",".join(f"urn:oid:1.2.250.1.71.4.2.1|{p.identifiant}" for p in praticiens)
    parametres = [
        ("_include", "Slot:schedule"),
        ("_include:iterate", "Schedule:actor"),
        ("start", f"ge{bornes[0]}"),
        ("start", f"le{bornes[1]}"),
        ("schedule.actor:Practitioner.identifier", jetons),
        ("status", "free"),
    ]
    if cas == "cpts":
        parametres += [
            ("_include", "Slot:service-type-reference"),
            ("_include:iterate", "HealthcareService:organization"),
        ]
    return "/fhir/Slot?" + "&".join(f"{nom}={quote(valeur, safe=':,')}" for nom, valeur in parametres)


@cache
def chercher(cas: Cas, *praticiens: Titulaire, maintenant: dt.datetime = MAINTENANT) -> dict[str, Any]:
    """Le « setup » de chaque groupe du kit ; le Bundle rendu ne doit pas être modifié."""
    reponse = demander(editeur_du_kit(maintenant), requete(cas, *praticiens, maintenant=maintenant))
    assert reponse.statut == 200
    assert reponse.type.startswith("application/fhir+json")
    bundle: dict[str, Any] = reponse.json()
    assert bundle["resourceType"] == "Bundle"
    assert bundle["entry"]
    return bundle


def ressources(bundle: dict[str, Any], profil: str) -> list[dict[str, Any]]:
    """Comme le kit : celles dont la liste des profils est exactement celui-ci."""
    toutes = (entree["resource"] for entree in bundle["entry"])
    return [ressource for ressource in toutes if ressource["meta"]["profile"] == [profil]]


def codes(slot: dict[str, Any]) -> set[str]:
    """Codes de tous ses serviceType."""
    return {coding["code"] for service in slot["serviceType"] for coding in service.get("coding", ())}


def liens_cpts(slot: dict[str, Any]) -> list[str]:
    return [
        extension["valueReference"]["reference"]
        for service in slot["serviceType"]
        for extension in service.get("extension", ())
    ]
