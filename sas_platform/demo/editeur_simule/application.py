"""Serveur de l’éditeur simulé : `GET /fhir/Slot`, `/fhir/metadata`, `/rdv/…`, `/pannes`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from aiohttp import web

from sas_platform.demo.editeur_simule import bundle, pages, recherche
from sas_platform.demo.editeur_simule.agenda import (
    Creneau,
    Lieu,
    Praticien,
    creneaux_libres,
    decoder_id,
)
from sas_platform.demo.editeur_simule.pannes import Mode, Panne

TYPE_FHIR = "application/fhir+json"
INTRUS = "899999999999"  # praticien que personne n’a demandé


class EditeurSimule:
    """État d’un éditeur : ses praticiens, les créneaux que l’on y a pris, sa panne en cours."""

    def __init__(
        self,
        praticiens: Sequence[Praticien],
        *,
        horloge: Callable[[], datetime],
        code: str = "editeur-simule",
        graine: int = 1,
        panne: Panne | None = None,
    ) -> None:
        self.praticiens = {praticien.identifiant_national: praticien for praticien in praticiens}
        self.horloge = horloge
        self.code = code
        self.graine = graine
        self.panne = panne or Panne()
        self.pris: set[str] = set()

    def application(self) -> web.Application:
        application = web.Application()
        # Avec ou sans barre finale, et sans redirection : le guide écrit l’une, le kit l’autre.
        application.add_routes(
            [
                web.get("/", self.etat),
                web.get(r"/fhir/Slot{barre:/?}", self.chercher),
                web.get(r"/fhir/metadata{barre:/?}", self.capacites),
                web.get(r"/fhir/{reste:.*}", self.inconnu),
                web.get("/rdv/agenda", self.proposer),
                web.post("/rdv/prendre", self.prendre),
                web.get("/pannes", self.lire_panne),
                web.post("/pannes", self.changer_panne),
            ]
        )
        return application

    # --- FHIR ----------------------------------------------------------------

    async def chercher(self, requete: web.Request) -> web.StreamResponse:
        panne = self.panne
        if panne.secondes:
            await asyncio.sleep(panne.secondes)
        if panne.mode == Mode.ERREUR_500:
            return _fhir(bundle.echec("exception", "panne simulée"), 500)
        brute = requete.raw_path.partition("?")[2]
        try:
            demande = recherche.lire(brute)
        except recherche.RequeteInvalide as erreur:
            return _fhir(bundle.echec("invalid", str(erreur)), 400)
        racine = f"{requete.scheme}://{requete.host}"
        contenu = bundle.bundle(
            self._agendas(demande), base=f"{racine}/fhir", requete=brute, reservation=f"{racine}/rdv/agenda"
        )
        octets = msgspec.json.encode(contenu)
        if panne.mode == Mode.MAUVAIS_PRATICIENS:
            for identifiant in demande.identifiants:
                octets = octets.replace(f'"value":"{identifiant}"'.encode(), f'"value":"{INTRUS}"'.encode())
        if panne.mode == Mode.MALFORME:
            octets = octets[: len(octets) // 2]
        return web.Response(body=octets, content_type=TYPE_FHIR, charset="utf-8")

    def _agendas(self, demande: recherche.Recherche) -> bundle.Agendas:
        agendas: dict[tuple[str, int], tuple[Praticien, list[Creneau]]] = {}
        for identifiant in demande.identifiants if demande.statut == "free" else ():
            praticien = self._praticien(identifiant)
            for rang in range(len(praticien.lieux)) if praticien else ():
                assert praticien is not None
                libres = self._libres(praticien, rang, demande.debut, demande.fin)
                agendas[praticien.identifiant_national, rang] = (praticien, libres)
        return agendas

    def _praticien(self, identifiant: str) -> Praticien | None:
        """Cherche avec ou sans préfixe : les éditeurs gardent les deux formes."""
        candidats = (identifiant, f"8{identifiant}", f"0{identifiant}")
        return next((self.praticiens[i] for i in candidats if i in self.praticiens), None)

    def _libres(self, praticien: Praticien, rang: int, debut: datetime, fin: datetime) -> list[Creneau]:
        maintenant = self.horloge()
        creneaux = creneaux_libres(
            praticien,
            rang,
            graine=self.graine,
            maintenant=maintenant,
            debut=max(debut, maintenant),
            fin=fin,
        )
        return [creneau for creneau in creneaux if creneau.id not in self.pris]

    async def capacites(self, requete: web.Request) -> web.StreamResponse:
        return _fhir(bundle.capacites(self.horloge().isoformat(timespec="seconds")))

    async def inconnu(self, requete: web.Request) -> web.StreamResponse:
        return _fhir(bundle.echec("not-found", "ressource inconnue de cet éditeur"), 404)

    # --- Réservation ----------------------------------------------------------

    async def proposer(self, requete: web.Request) -> web.StreamResponse:
        origine = requete.query.get("origin", "")
        if not origine:
            return _html(pages.connexion_requise(self.code), 401)
        trouve = self._creneau(requete.query.get("creneau", ""))
        if trouve is None:
            return _html(pages.creneau_indisponible(self.code), 410)
        return _html(pages.creneau_propose(self.code, *trouve, origine))

    async def prendre(self, requete: web.Request) -> web.StreamResponse:
        formulaire = await requete.post()
        if not formulaire.get("origin"):
            return _html(pages.connexion_requise(self.code), 401)
        trouve = self._creneau(str(formulaire.get("creneau", "")))
        if trouve is None or trouve[2].sans_rendez_vous:
            return _html(pages.creneau_indisponible(self.code), 409)
        self.pris.add(trouve[2].id)
        return _html(pages.rendez_vous_pris(self.code, *trouve))

    def _creneau(self, id_creneau: str) -> tuple[Praticien, Lieu, Creneau] | None:
        """Le créneau, s’il est encore libre."""
        decode = decoder_id(id_creneau)
        praticien = self.praticiens.get(decode[0]) if decode else None
        if decode is None or praticien is None or decode[1] >= len(praticien.lieux):
            return None
        _, rang, debut = decode
        libres = self._libres(praticien, rang, debut, debut + timedelta(seconds=1))
        creneau = next((c for c in libres if c.id == id_creneau), None)
        return (praticien, praticien.lieux[rang], creneau) if creneau else None

    # --- Pannes et santé --------------------------------------------------------

    async def lire_panne(self, requete: web.Request) -> web.StreamResponse:
        return web.json_response({"mode": self.panne.mode, "secondes": self.panne.secondes})

    async def changer_panne(self, requete: web.Request) -> web.StreamResponse:
        try:
            demande = await requete.json()
            self.panne = Panne.lire(demande["mode"], demande.get("secondes"))
        except (ValueError, KeyError, TypeError, AttributeError):
            modes = ", ".join(Mode)
            return web.json_response({"erreur": f"mode parmi {modes} ; secondes de 0 à 120"}, status=400)
        return await self.lire_panne(requete)

    async def etat(self, requete: web.Request) -> web.StreamResponse:
        return web.json_response(
            {
                "statut": "ok",
                "editeur": self.code,
                "praticiens": len(self.praticiens),
                "panne": self.panne.mode,
            }
        )


def _fhir(contenu: dict[str, Any], statut: int = 200) -> web.Response:
    octets = msgspec.json.encode(contenu)
    return web.Response(body=octets, status=statut, content_type=TYPE_FHIR, charset="utf-8")


def _html(texte: str, statut: int = 200) -> web.Response:
    return web.Response(text=texte, status=statut, content_type="text/html")
