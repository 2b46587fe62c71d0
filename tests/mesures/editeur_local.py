"""Éditeur de boucle locale : sert des Bundles préparés d’avance, dont une part change à la demande.

`python -m tests.mesures.editeur_local PORT FICHIER` ; le fichier, en JSON, décrit les praticiens.
Les réponses sont assemblées de morceaux déjà encodés : l’éditeur ne coûte presque rien à la mesure.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from aiohttp import web

from agenda.editeurs.client import IDENTIFIANTS_MAX
from tests.agenda.editeurs.bundles import agenda, praticien, role, slot

HOTE_DE_RESERVATION = "rdv.editeur.invalid"
MATIN_UTC = 6
PAS = timedelta(minutes=20)
PAR_JOUR = 15


class PraticienLocal(msgspec.Struct, frozen=True):
    identifiant: str
    ligne: str
    ville: str
    code_postal: str
    creneaux: int


class Morceaux(msgspec.Struct, gc=False):
    """Entrées d’un praticien : ce qui ne change pas, et deux formes du créneau qui bouge."""

    fixe: bytes
    bougeants: tuple[bytes, bytes]
    etat: int = 0

    def octets(self) -> bytes:
        return self.fixe + self.bougeants[self.etat]


def morceaux(un: PraticienLocal, premier: datetime) -> Morceaux:
    """Le dernier créneau passe d’une heure à la suivante quand l’agenda change."""
    encoder = msgspec.json.encode
    adresse = {"line": [un.ligne], "city": un.ville, "postalCode": un.code_postal}
    p, a, r = f"p{un.identifiant}", f"a{un.identifiant}", f"r{un.identifiant}"
    instants = [premier + timedelta(days=n // PAR_JOUR) + n % PAR_JOUR * PAS for n in range(un.creneaux + 1)]
    creneaux = [
        slot(
            f"{un.identifiant}-{n}",
            schedule={"reference": f"Schedule/{a}"},
            start=debut.isoformat(timespec="milliseconds"),
            end=(debut + PAS).isoformat(timespec="milliseconds"),
            comment=f"https://{HOTE_DE_RESERVATION}/{un.identifiant}",
        )
        for n, debut in enumerate(instants)
    ]
    fixes = [agenda(a, p, r), praticien(p, un.identifiant), role(r, p, adresse, idnst=""), *creneaux[:-2]]
    return Morceaux(
        b"".join(b'{"resource":' + encoder(ressource) + b"}," for ressource in fixes),
        tuple(b'{"resource":' + encoder(bougeant) + b"}" for bougeant in creneaux[-2:]),  # type: ignore[arg-type]
    )


class EditeurLocal:
    def __init__(self, praticiens: Sequence[PraticienLocal], maintenant: datetime) -> None:
        demain = (maintenant + timedelta(days=1)).replace(hour=MATIN_UTC, minute=0, second=0, microsecond=0)
        self._praticiens = {un.identifiant: morceaux(un, demain) for un in praticiens}

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/fhir/Slot", self.creneaux)
        application.router.add_post("/changer/{reste}/{sur}", self.changer)
        return application

    async def creneaux(self, requete: web.Request) -> web.Response:
        demandes = requete.query["schedule.actor:Practitioner.identifier"].split(",")
        if len(demandes) > IDENTIFIANTS_MAX["ps"]:
            raise web.HTTPBadRequest
        entrees = [self._praticiens[demande.rpartition("|")[2]].octets() for demande in demandes]
        corps = b'{"resourceType":"Bundle","type":"searchset","entry":[' + b",".join(entrees) + b"]}"
        return web.Response(body=corps, content_type="application/fhir+json")

    async def changer(self, requete: web.Request) -> web.Response:
        """Change l’agenda d’un praticien sur `sur`, à partir du rang `reste` ; rend leur nombre."""
        reste, sur = int(requete.match_info["reste"]), int(requete.match_info["sur"])
        changes = list(self._praticiens.values())[reste::sur]
        for un in changes:
            un.etat = 1 - un.etat
        return web.Response(text=str(len(changes)))


def main() -> None:
    port, fichier = int(sys.argv[1]), Path(sys.argv[2])
    # Il vit sur une autre machine que le site : sur celle-ci, il ne prend que le temps dont personne ne veut.
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    praticiens = msgspec.json.decode(fichier.read_bytes(), type=list[PraticienLocal])
    editeur = EditeurLocal(praticiens, datetime.now(UTC))
    web.run_app(editeur.application(), host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    main()
