"""Serveur de l’éditeur simulé : les flux du guide sous `/fhir/`, les pages du régulateur, les commandes d’essai."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from sas_platform.demo.editeur_simule import bundle, jeu_kit, pannes, recherche
from sas_platform.demo.editeur_simule.agenda import AgendaMouvant
from sas_platform.demo.editeur_simule.comptes import CompteRefuse, Comptes, CompteTenu
from sas_platform.demo.editeur_simule.guichet import Guichet
from sas_platform.demo.editeur_simule.pannes import TYPE_FHIR, Mode, Panne
from sas_platform.demo.editeur_simule.rendez_vous import Retour
from sas_platform.demo.editeur_simule.titulaires import Agenda, Annuaire, Creneau, Praticien, Titulaire

TYPES_ADMIS = frozenset({"application/fhir+json", "application/json+fhir", "application/json"})
CORPS_MAX = 256_000
Action = Callable[[web.Request], Any]


class EditeurSimule:
    """État d’un éditeur : ses clients, les comptes et rendez-vous qu’il tient, sa panne en cours."""

    def __init__(
        self,
        praticiens: Annuaire | Iterable[Praticien],
        *,
        horloge: Callable[[], datetime],
        code: str = "editeur-simule",
        graine: int = 1,
        panne: Panne | None = None,
        retour: Retour | None = None,
        memoire: Path | None = None,
    ) -> None:
        """`memoire` : fichier où les comptes survivent à un arrêt ; la plateforme ne les renverrait pas d’elle-même.

        Lève `OSError` ou `msgspec.DecodeError` s’il est illisible.
        """
        self.annuaire = praticiens if isinstance(praticiens, Annuaire) else Annuaire(tuple(praticiens))
        self.horloge = horloge
        self.code = code
        self.graine = graine
        self.panne = panne or Panne()
        self.retour = retour
        self.comptes = Comptes()
        self.guichet = Guichet(self)
        self.memoire: Path | None = None
        self.jouer("demonstration")
        if memoire is not None and memoire.exists():
            self.comptes.reprendre(msgspec.json.decode(memoire.read_bytes(), type=list[CompteTenu]))
        self.memoire = memoire

    def jouer(self, jeu: str) -> None:
        """Remet tout à neuf, avec les données ordinaires ou celles du kit. Lève `ValueError` d’un jeu inconnu."""
        if jeu not in ("demonstration", "kit"):
            raise ValueError("jeu : demonstration ou kit")
        self.jeu = jeu
        annuaire = jeu_kit.ANNUAIRE if jeu == "kit" else self.annuaire
        self.agenda: Agenda = jeu_kit.AgendaDuKit() if jeu == "kit" else AgendaMouvant(self.graine)
        self.titulaires: dict[str, Titulaire] = {t.identifiant: t for t in annuaire.titulaires()}
        self.comptes.vider()
        self.guichet.vider()
        self._retenir_les_comptes()

    def application(self) -> web.Application:
        application = web.Application(client_max_size=CORPS_MAX)
        for racine in ("", "/panne/{mode}"):
            # Avec ou sans barre finale, et sans redirection : le guide écrit l’une, le kit l’autre.
            application.router.add_get(racine + r"/fhir/Slot{barre:/?}", self._fhir(self.chercher))
            application.router.add_get(racine + r"/fhir/Schedule{barre:/?}", self._fhir(self.chercher_sos))
            application.router.add_post(racine + r"/fhir/Practitioner{barre:/?}", self._fhir(self.creer))
            application.router.add_put(racine + r"/fhir/Practitioner{barre:/?}", self._fhir(self.mettre))
            application.router.add_get(racine + r"/fhir/metadata{barre:/?}", self._fhir(self.capacites))
            application.router.add_route("*", racine + r"/fhir/{reste:.*}", self._fhir(self.inconnu))
        application.add_routes(
            [
                web.get("/", self.etat),
                web.get("/comptes", self.lire_comptes),
                web.get("/pannes", self.lire_panne),
                web.post("/pannes", self.changer_panne),
                web.post("/commandes/reinitialiser", self.reinitialiser),
                *self.guichet.routes(),
            ]
        )
        return application

    def _fhir(self, action: Action) -> Action:
        """L’action, refus compris en FHIR, sous la panne que choisit le chemin, ou sous celle de tous."""

        async def repondre(requete: web.Request) -> web.StreamResponse:
            try:
                return reponse_fhir(*await action(requete))
            except (recherche.RequeteInvalide, web.HTTPRequestEntityTooLarge) as erreur:
                return reponse_fhir(bundle.echec("invalid", str(erreur)), 400)
            except CompteRefuse as refus:
                return reponse_fhir(bundle.echec(refus.code, str(refus)), refus.statut)

        async def sous_la_panne(requete: web.Request) -> web.StreamResponse:
            try:
                mode = requete.match_info.get("mode")
                panne = Panne.lire(mode) if mode else self.panne
            except ValueError:
                return reponse_fhir(bundle.echec("not-found", "panne inconnue"), 404)
            return await pannes.repondre(panne, requete, repondre)

        return sous_la_panne

    # --- Créneaux (INT_R01, INT_R04, INT_SOS1) ----------------------------------

    async def chercher(self, requete: web.Request) -> tuple[dict[str, Any]]:
        return (self._rechercher(requete, "Slot"),)

    async def chercher_sos(self, requete: web.Request) -> tuple[dict[str, Any]]:
        return (self._rechercher(requete, "Schedule"),)

    def _rechercher(self, requete: web.Request, ressource: str) -> dict[str, Any]:
        brute = requete.raw_path.partition("?")[2]
        demande = recherche.lire(brute, ressource)
        racine = f"{requete.scheme}://{requete.host}"
        return bundle.bundle(
            self._agendas(demande),
            cas=demande.cas,
            base=f"{racine}/fhir",
            requete=brute,
            reservation=f"{racine}/rdv/agenda",
        )

    def _agendas(self, demande: recherche.Recherche) -> bundle.Agendas:
        agendas: dict[tuple[str, int], tuple[Titulaire, list[Creneau]]] = {}
        debut = max(demande.debut, self.horloge() + self.agenda.marge)
        for identifiant in demande.identifiants if demande.statut == "free" else ():
            titulaire = self._titulaire(identifiant)
            if titulaire is not None and isinstance(titulaire, Praticien) == (demande.cas != "sos"):
                for rang in range(len(titulaire.lieux)):
                    libres = self.libres(titulaire, rang, debut, demande.fin)
                    agendas[titulaire.identifiant, rang] = (titulaire, libres)
        return agendas

    def _titulaire(self, identifiant: str) -> Titulaire | None:
        """Cherche avec ou sans préfixe : les éditeurs gardent les deux formes."""
        candidats = (identifiant, *(f"{prefixe}{identifiant}" for prefixe in "803"))
        return next((self.titulaires[i] for i in candidats if i in self.titulaires), None)

    def libres(self, titulaire: Titulaire, rang: int, debut: datetime, fin: datetime) -> list[Creneau]:
        maintenant = self.horloge()
        creneaux = self.agenda.creneaux(
            titulaire, rang, maintenant=maintenant, debut=max(debut, maintenant), fin=fin
        )
        pris = self.guichet.pris()
        return [creneau for creneau in creneaux if creneau.id not in pris]

    async def capacites(self, requete: web.Request) -> tuple[dict[str, Any]]:
        return (bundle.capacites(self.horloge().isoformat(timespec="seconds")),)

    async def inconnu(self, requete: web.Request) -> tuple[dict[str, Any], int]:
        return bundle.echec("not-found", "rien ici pour cette ressource et cette méthode"), 404

    # --- Comptes de régulateurs (INT_R02) ---------------------------------------

    async def creer(self, requete: web.Request) -> tuple[None, int, dict[str, str]]:
        tenu = self.comptes.creer(await _corps(requete))
        self._retenir_les_comptes()
        return None, 201, _adresse(requete, tenu)

    async def mettre(self, requete: web.Request) -> tuple[None, int, dict[str, str]]:
        cles = [v for nom, v in requete.query.items() if nom.lower() == "identifier" and v.strip()]
        if len(cles) != 1:
            raise CompteRefuse(400, "required", "un paramètre identifier, et un seul")
        tenu, est_nouveau = self.comptes.mettre(cles[0].strip(), await _corps(requete))
        self._retenir_les_comptes()
        return None, 201 if est_nouveau else 200, _adresse(requete, tenu)

    def _retenir_les_comptes(self) -> None:
        if self.memoire is not None:
            brouillon = self.memoire.with_suffix(".nouveau")
            brouillon.write_bytes(msgspec.json.encode(list(self.comptes.tenus.values())))
            brouillon.replace(self.memoire)

    # --- Commandes d’essai --------------------------------------------------------

    async def reinitialiser(self, requete: web.Request) -> web.StreamResponse:
        """Comptes, rendez-vous, séances et panne effacés ; `{"jeu": "kit"}` change de données."""
        try:
            demande = await requete.json() if requete.can_read_body else {}
            self.jouer(str(demande.get("jeu", self.jeu)))
        except (ValueError, AttributeError):
            return web.json_response({"erreur": "jeu : demonstration ou kit"}, status=400)
        self.panne = Panne()
        return await self.etat(requete)

    async def lire_comptes(self, requete: web.Request) -> web.StreamResponse:
        return web.json_response(
            [
                {"id": c.id, "identifiant": c.identifiant, "actif": c.actif, "nom": c.nom, "prenom": c.prenom}
                for c in self.comptes.tenus.values()
            ]
        )

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
                "jeu": self.jeu,
                "clients": len(self.titulaires),
                "comptes": len(self.comptes.tenus),
                "panne": self.panne.mode,
            }
        )


def reponse_fhir(
    contenu: dict[str, Any] | None, statut: int = 200, entetes: dict[str, str] | None = None
) -> web.Response:
    octets = msgspec.json.encode(contenu) if contenu is not None else b""
    return web.Response(body=octets, status=statut, content_type=TYPE_FHIR, charset="utf-8", headers=entetes)


async def _corps(requete: web.Request) -> bytes:
    """Lève `CompteRefuse` d’un type qui n’est pas du JSON ; le guide en écrit trois, avec ou sans jeu de caractères."""
    if requete.content_type not in TYPES_ADMIS:
        raise CompteRefuse(415, "not-supported", "type du corps : application/fhir+json")
    return await requete.read()


def _adresse(requete: web.Request, tenu: CompteTenu) -> dict[str, str]:
    return {"Location": f"{requete.scheme}://{requete.host}/fhir/Practitioner/{tenu.id}"}
