"""Interroger des lots ensemble, dans la limite du budget de leur éditeur ; `choix` dit lesquels, et quand."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial

import aiohttp
import redis
from django.conf import settings
from django.db import transaction

from agenda.editeurs import certificats, stockage
from agenda.editeurs.budget import Budget, EtatBudget, Permis, Refus
from agenda.editeurs.cadence import prochaine_interrogation
from agenda.editeurs.certificats import CertificatInutilisable
from agenda.editeurs.client import Reponse, interroger, ouvrir_session, url_creneaux
from agenda.editeurs.memoire import DemandesDuLot, demandes_par_lot
from agenda.editeurs.normaliseur import normaliser
from agenda.editeurs.reconnaissance import Decoupe
from agenda.editeurs.stockage import Bilan, LectureLot
from agenda.editeurs.verdicts import Demande, fenetre_interrogee
from agenda.enums import EtatLot
from agenda.models import Editeur, Lot

# Échecs qui font ouvrir le disjoncteur ; un refus ou une réponse illisible arrivent vite et ne coûtent rien.
ECHECS = (EtatLot.DELAI, EtatLot.RESEAU, EtatLot.PANNE)
# Ceux qui disent un éditeur chargé : on l’appelle alors moins.
EMBARRAS = (EtatLot.DELAI, EtatLot.PANNE)
ATTENTE_D_UNE_PLACE_S = 3.0
# Passé ce temps, un appel de plus répondrait quand l’écran n’attend plus, et ferait dépasser à la tâche sa limite :
# tout ce qui est déjà arrivé serait perdu.
DEPART_MAX_S = 8.0
# Le fond enregistre plus tôt ce qui est arrivé, qu’un écran montre peut-être ; puis il reprend, tant que sa tâche
# est loin de sa limite.
PASSAGE_MAX_S = 3.0
REPRISE_MAX_S = 20.0
# Lots que le fond prend ensemble au courtier, pour les appeler l’un après l’autre ; chaque jeton sert dans la seconde.
SERIE = 8
SERIE_MAX_S = 1.0
# Lus puis enregistrés ensemble : deux mille effecteurs, dont on n’écrit que ceux qui ont changé. La trentaine
# d’instructions d’un groupe ne dépend pas de sa taille.
LOTS_PAR_GROUPE = 80
# Octets gardés ensemble par un groupe de lots : deux fois ce que pèsent autant de réponses ordinaires.
GROUPE_TAILLE_MAX = 80 * 1024 * 1024
HORS_LOT = 0  # ce qu’aucun lot ne demande : une recherche d’éditeur


def budget_de(editeur: Editeur) -> Budget:
    return Budget(editeur.pk, editeur.requetes_par_heure, editeur.concurrence_max)


def etat_de(editeur: Editeur) -> EtatBudget | None:
    """Débit que l’on s’autorise chez cet éditeur, disjoncteur, jetons, appels en vol ; rien si le courtier ne répond pas."""
    try:
        return budget_de(editeur).etat()
    except redis.RedisError:
        return None


@contextmanager
def _sans_ramasse_miettes() -> Iterator[None]:
    """Un groupe crée des dizaines de milliers d’objets sans cycle : les examiner ne libère rien.

    À poser sur la fonction entière : quand il reprend, ce qu’elle a créé n’est déjà plus là.
    """
    actif = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if actif:
            gc.enable()


class Interrogateur:
    """Interroge des lots : une boucle et une session HTTP, tenues par `ouvrir_interrogateur`."""

    def __init__(self, boucle: asyncio.Runner, session: aiohttp.ClientSession) -> None:
        self._boucle = boucle
        self._session = session

    @_sans_ramasse_miettes()
    def interroger(
        self,
        editeur: Editeur,
        lot_ids: Sequence[int],
        maintenant: datetime,
        *,
        ecrire: bool = True,
        immediat: bool = False,
        si_repose: bool = False,
    ) -> Bilan:
        """Interroge ces lots ensemble et enregistre leurs réponses ; ceux que le budget refuse sont reportés.

        Sans `ecrire`, tout est comparé puis annulé : le bilan dit ce qui aurait changé.
        `immediat` : un écran attend. `si_repose` : laisse les lots que l’on vient d’interroger.
        """
        demandes = {
            lot_id: _demande(editeur, demandes, maintenant)
            for lot_id, demandes in demandes_par_lot(lot_ids).items()
        }
        if ecrire:
            _passer(editeur, set(lot_ids) - demandes.keys(), maintenant)
        budget, a_appeler, bilan = budget_de(editeur), deque(demandes), Bilan()
        terme = time.monotonic() + (0 if immediat else REPRISE_MAX_S)
        while a_appeler:
            permis: list[Permis] = []
            appels = self._appeler(
                editeur, budget, demandes, a_appeler, permis, immediat=immediat, si_repose=si_repose
            )
            try:
                reponses, reportes = self._boucle.run(appels)
                lectures = [_lire(lot, demandes[lot], lue, maintenant) for lot, lue in reponses.items()]
                with transaction.atomic():
                    bilan += stockage.enregistrer(editeur, lectures, maintenant)
                    transaction.set_rollback(not ecrire)
            finally:
                budget.rendre_lots(permis)
            bilan.reportes.update(refus.value for refus in reportes.values())
            if time.monotonic() >= terme:
                break
        bilan.reportes.update([Refus.CONCURRENCE.value] * len(a_appeler))
        return bilan

    def chercher(self, editeur: Editeur, demande: Demande) -> Reponse | None:
        """Pose une demande hors de tout lot, et une seule à la fois ; rien s’il ne reste pas la moitié du budget."""
        budget = budget_de(editeur)
        if budget.disponible() < max(1, editeur.requetes_par_heure // 120):
            return None
        permis: list[Permis] = []
        try:
            demandes = {HORS_LOT: demande}
            appels = self._appeler(editeur, budget, demandes, deque(demandes), permis, immediat=False)
            reponses, _ = self._boucle.run(appels)
        finally:
            budget.rendre_lots(permis)
        return reponses.get(HORS_LOT)

    async def _appeler(
        self,
        editeur: Editeur,
        budget: Budget,
        demandes: Mapping[int, Demande],
        a_appeler: deque[int],
        permis: list[Permis],
        *,
        immediat: bool,
        si_repose: bool = False,
    ) -> tuple[dict[int, Reponse], dict[int, Refus]]:
        """Appelle ces lots, à plusieurs places ; ceux qui n’ont pu partir à temps restent à appeler."""
        reponses: dict[int, Reponse] = {}
        reportes: dict[int, Refus] = {}
        boucle = asyncio.get_running_loop()
        limite = boucle.time() + (DEPART_MAX_S if immediat else PASSAGE_MAX_S)
        suivre = partial(budget.prendre_page, immediat=immediat)
        places = min(len(a_appeler), budget.simultanes(immediat=immediat))
        par_serie = 1 if immediat else min(SERIE, -(-len(a_appeler) // places))

        async def appeler(un: Permis) -> bool:
            """Vrai si l’éditeur a répondu ; sinon la place d’appel est rendue."""
            reponse = Reponse(EtatLot.RESEAU)
            try:
                reponse = await self._lire_chez(editeur, demandes[un.lot_id], suivre)
                reponses[un.lot_id] = _admettre(reponse, reponses.values())
            finally:
                if reponse.etat in ECHECS:
                    ralentir = reponse.etat in EMBARRAS
                    budget.finir_appel(un, reussi=False, ralentir=ralentir, attente_s=reponse.attente_s)
            return reponse.etat not in ECHECS

        async def enchainer() -> None:
            """Appelle lot après lot, à une même place d’appel."""
            fini: Permis | None = None  # un appel réussi, que la prise suivante finit
            while a_appeler and boucle.time() < limite:
                serie = [a_appeler.popleft() for _ in range(min(len(a_appeler), par_serie))]
                pris, refus = await _prendre(
                    budget, serie, immediat=immediat, si_repose=si_repose, apres=fini
                )
                permis.extend(pris)
                reportes.update(refus)
                fini, terme = None, boucle.time() + SERIE_MAX_S
                while pris and boucle.time() < terme:
                    un = pris.pop(0)
                    if not await appeler(un):
                        fini = None
                        break
                    fini = un
                budget.laisser(pris)
                a_appeler.extendleft(un.lot_id for un in reversed(pris))
            if fini:
                budget.finir_appel(fini, reussi=True)

        await asyncio.gather(*(enchainer() for _ in range(places)))
        return reponses, reportes

    async def _lire_chez(self, editeur: Editeur, demande: Demande, suivre: Callable[[], bool]) -> Reponse:
        try:
            tls = certificats.contexte(editeur)
        except CertificatInutilisable as refus:
            return Reponse(EtatLot.RESEAU, detail=str(refus))
        return await interroger(
            self._session,
            demande.url,
            http_admis=not settings.EST_EN_LIGNE,
            tls=tls,
            suivre=suivre,
            decoupe=Decoupe(demande.memoires_valables),
        )


def _admettre(reponse: Reponse, deja: Collection[Reponse]) -> Reponse:
    """Cette réponse, ou son refus si le groupe en tient déjà trop : un éditeur n’épuise pas la mémoire à plusieurs lots."""
    taille = sum(len(page) for une in (reponse, *deja) for page in une.pages)
    if taille <= GROUPE_TAILLE_MAX:
        return reponse
    return replace(reponse, etat=EtatLot.ILLISIBLE, pages=[], detail="réponses trop volumineuses ensemble")


async def _prendre(
    budget: Budget, lot_ids: Sequence[int], *, immediat: bool, si_repose: bool, apres: Permis | None
) -> tuple[list[Permis], dict[int, Refus]]:
    """Un écran attend un peu qu’une place d’appel se libère ; l’interrogation de fond reviendra."""
    boucle = asyncio.get_running_loop()
    limite = boucle.time() + ATTENTE_D_UNE_PLACE_S
    while True:
        pris, refus = budget.prendre(lot_ids, immediat=immediat, si_repose=si_repose, apres=apres)
        apres = None
        if Refus.CONCURRENCE not in refus.values() or not immediat or boucle.time() >= limite:
            return pris, refus
        await asyncio.sleep(0.05)


@contextmanager
def ouvrir_interrogateur() -> Iterator[Interrogateur]:
    with asyncio.Runner() as boucle:
        session = boucle.run(_ouvrir())
        try:
            yield Interrogateur(boucle, session)
        finally:
            boucle.run(session.close())


async def _ouvrir() -> aiohttp.ClientSession:
    return ouvrir_session()


def _demande(editeur: Editeur, demandes: DemandesDuLot, maintenant: datetime) -> Demande:
    fenetre = fenetre_interrogee(maintenant)
    memoires = demandes.memoires
    return Demande(
        cas=demandes.cas,
        identifiants=frozenset(memoires),
        fenetre=fenetre,
        hotes=frozenset(editeur.hotes_reservation),
        http_local=not settings.EST_EN_LIGNE,
        url=url_creneaux(editeur.url_base, memoires, fenetre, demandes.cas),
        memoires={identifiant: memoire for identifiant, memoire in memoires.items() if memoire},
    )


def _lire(lot_id: int, demande: Demande, reponse: Reponse, maintenant: datetime) -> LectureLot:
    reussi = reponse.etat == EtatLot.REUSSI
    lecture = normaliser(reponse.pages, demande, reponse.decoupe) if reussi else None
    return LectureLot(lot_id, maintenant, demande.identifiants, reponse, lecture)


def _passer(editeur: Editeur, lot_ids: Collection[int], maintenant: datetime) -> None:
    """Ces lots n’ont personne à demander : leur tour est passé sans appel."""
    for lot in Lot.objects.filter(pk__in=lot_ids):
        lot.prochaine_le = prochaine_interrogation(maintenant, lot.numero, editeur.periode_s)
        lot.save(update_fields=["prochaine_le"])
