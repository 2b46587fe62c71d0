"""Ce que voit le régulateur chez l’éditeur simulé : connexion déléguée, créneau, rendez-vous, place de marché.

L’accès du SAS n’existe que dans une séance ouverte avec `origin` : sans ce
paramètre, même un régulateur connecté trouve porte close.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import web

from sas_platform.demo.editeur_simule import pages
from sas_platform.demo.editeur_simule.agenda import decoder_id
from sas_platform.demo.editeur_simule.comptes import CompteTenu
from sas_platform.demo.editeur_simule.rendez_vous import RendezVous, Statut

if TYPE_CHECKING:
    from sas_platform.demo.editeur_simule.application import EditeurSimule

PAGE = 30  # créneaux montrés par la place de marché
HORIZON = timedelta(hours=72)


class Guichet:
    def __init__(self, editeur: EditeurSimule) -> None:
        self.editeur = editeur
        self.seances: dict[str, int] = {}
        self.rendez_vous: dict[str, RendezVous] = {}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/rdv/agenda", self.proposer),
            web.post("/rdv/prendre", self.prendre),
            web.get("/rdv/liste", self.lister),
            web.post("/rdv/statut", self.changer_de_statut),
            web.get("/place-de-marche", self.place_de_marche),
            web.post("/connexion", self.ouvrir_une_seance),
        ]

    def vider(self) -> None:
        self.seances.clear()
        self.rendez_vous.clear()

    def pris(self) -> set[str]:
        return {r.creneau.id for r in self.rendez_vous.values() if r.statut != Statut.ANNULE}

    # --- Connexion déléguée ----------------------------------------------------

    async def ouvrir_une_seance(self, requete: web.Request) -> web.StreamResponse:
        formulaire = await requete.post()
        suite, compte = str(formulaire.get("suite", "")), str(formulaire.get("compte", ""))
        tenu = self.editeur.comptes.tenus.get(int(compte)) if compte.isdecimal() else None
        if tenu is None or not tenu.actif or not suite.startswith(("/rdv/", "/place-de-marche?")):
            return _html(pages.acces_ferme(self.editeur.code), 403)
        jeton = secrets.token_urlsafe(24)
        self.seances[jeton] = tenu.id
        reponse = web.Response(status=303, headers={"Location": suite})
        reponse.set_cookie(self._temoin(), jeton, httponly=True, samesite="Lax")
        return reponse

    def _temoin(self) -> str:
        """Les éditeurs de la démonstration partagent un hôte, donc des témoins : chacun le sien."""
        return f"seance-{self.editeur.code}"

    def _refus(
        self, requete: web.Request, origine: str
    ) -> tuple[CompteTenu, None] | tuple[None, web.Response]:
        """Le compte de la séance, ou la page à rendre à sa place."""
        code = self.editeur.code
        if not origine:
            return None, _html(pages.connexion_requise(code), 401)
        tenu = self.editeur.comptes.tenus.get(self.seances.get(requete.cookies.get(self._temoin(), ""), 0))
        if tenu is not None and tenu.actif:
            return tenu, None
        if tenu is not None or requete.method != "GET":
            return None, _html(pages.acces_ferme(code), 403)
        ouverts = [compte for compte in self.editeur.comptes.tenus.values() if compte.actif]
        return None, _html(pages.connexion_deleguee(code, ouverts, requete.path_qs))

    # --- Créneaux et rendez-vous -------------------------------------------------

    async def proposer(self, requete: web.Request) -> web.StreamResponse:
        origine = requete.query.get("origin", "")
        _, refus = self._refus(requete, origine)
        if refus is not None:
            return refus
        trouve = self._creneau(requete.query.get("creneau", ""))
        if trouve is None:
            return _html(pages.creneau_indisponible(self.editeur.code), 410)
        return _html(pages.creneau_propose(self.editeur.code, trouve, origine))

    async def prendre(self, requete: web.Request) -> web.StreamResponse:
        formulaire = await requete.post()
        origine = str(formulaire.get("origin", ""))
        compte, refus = self._refus(requete, origine)
        if refus is not None:
            return refus
        assert compte is not None
        trouve = self._creneau(str(formulaire.get("creneau", "")))
        if trouve is None or trouve[2].sans_rendez_vous:
            return _html(pages.creneau_indisponible(self.editeur.code), 409)
        maintenant = self.editeur.horloge()
        rendez_vous = RendezVous(*trouve, compte.identifiant, maintenant, maintenant)
        self.rendez_vous[rendez_vous.id] = rendez_vous
        await self._annoncer(rendez_vous, est_creation=True)
        return _html(pages.rendez_vous_pris(self.editeur.code, rendez_vous, origine))

    async def lister(self, requete: web.Request) -> web.StreamResponse:
        origine = requete.query.get("origin", "")
        _, refus = self._refus(requete, origine)
        if refus is not None:
            return refus
        tries = sorted(self.rendez_vous.values(), key=lambda r: (r.creneau.debut, r.id))
        return _html(pages.mes_rendez_vous(self.editeur.code, tries, origine))

    async def changer_de_statut(self, requete: web.Request) -> web.StreamResponse:
        formulaire = await requete.post()
        origine = str(formulaire.get("origin", ""))
        _, refus = self._refus(requete, origine)
        if refus is not None:
            return refus
        rendez_vous = self.rendez_vous.get(str(formulaire.get("rdv", "")))
        statut = str(formulaire.get("statut", ""))
        if rendez_vous is None or rendez_vous.statut != Statut.PRIS or statut not in set(Statut):
            return _html(pages.creneau_indisponible(self.editeur.code), 409)
        rendez_vous.statut = Statut(statut)
        rendez_vous.modifie_le = self.editeur.horloge()
        await self._annoncer(rendez_vous, est_creation=False)
        adresse = f"/rdv/liste?{urlencode({'origin': origine})}"
        return web.Response(status=303, headers={"Location": adresse})

    async def place_de_marche(self, requete: web.Request) -> web.StreamResponse:
        origine = requete.query.get("origin", "")
        _, refus = self._refus(requete, origine)
        if refus is not None:
            return refus
        ville = requete.query.get("ville", "").strip()[:80]
        return _html(pages.place_de_marche(self.editeur.code, ville, self._prochains(ville), origine))

    async def _annoncer(self, rendez_vous: RendezVous, *, est_creation: bool) -> None:
        if self.editeur.retour is not None:
            await self.editeur.retour.annoncer(rendez_vous, est_creation=est_creation)

    def _prochains(self, ville: str) -> list[pages.Propose]:
        """Les premiers créneaux ouverts à tous, d’abord les plus proches."""
        maintenant = self.editeur.horloge()
        proposes: list[pages.Propose] = []
        for titulaire in self.editeur.titulaires.values():
            for rang, lieu in enumerate(titulaire.lieux):
                if ville.casefold() in lieu.ville.casefold():
                    libres = self.editeur.libres(titulaire, rang, maintenant, maintenant + HORIZON)
                    proposes += [(titulaire, rang, c) for c in libres[:PAGE] if c.visibilites]
        return sorted(proposes, key=lambda p: (p[2].debut, p[2].id))[:PAGE]

    def _creneau(self, id_creneau: str) -> pages.Propose | None:
        """Le créneau, s’il est encore libre."""
        decode = decoder_id(id_creneau)
        titulaire = self.editeur.titulaires.get(decode[0]) if decode else None
        if decode is None or titulaire is None or decode[1] >= len(titulaire.lieux):
            return None
        _, rang, debut = decode
        libres = self.editeur.libres(titulaire, rang, debut, debut + timedelta(seconds=1))
        creneau = next((c for c in libres if c.id == id_creneau), None)
        return (titulaire, rang, creneau) if creneau else None


def _html(texte: str, statut: int = 200) -> web.Response:
    return web.Response(text=texte, status=statut, content_type="text/html")
