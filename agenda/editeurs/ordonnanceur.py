"""Qui interroger maintenant, dans la limite du budget de chaque éditeur."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from ssl import SSLContext

import aiohttp
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from agenda.editeurs import stockage
from agenda.editeurs.budget import Budget, Permis, Refus
from agenda.editeurs.cadence import prochaine_interrogation
from agenda.editeurs.client import Reponse, contexte_tls, interroger, ouvrir_session, url_creneaux
from agenda.editeurs.memoire import DemandesDuLot, demandes_par_lot
from agenda.editeurs.normaliseur import normaliser
from agenda.editeurs.stockage import Bilan, LectureLot
from agenda.editeurs.verdicts import Demande, fenetre_interrogee
from agenda.enums import EtatLot
from agenda.models import Editeur, Lot

# Échecs qui font ouvrir le disjoncteur ; un refus ou une réponse illisible arrivent vite et ne coûtent rien.
ECHECS = (EtatLot.DELAI, EtatLot.RESEAU, EtatLot.PANNE)


def budget_de(editeur: Editeur) -> Budget:
    return Budget(editeur.pk, editeur.requetes_par_heure, editeur.concurrence_max)


def prendre_lots_dus(maintenant: datetime) -> list[int]:
    """Lots à interroger maintenant, les plus en retard d’abord, autant que les budgets en permettent.

    Leur prochain passage est aussitôt repoussé : deux ordonnanceurs ne prennent
    pas le même lot, et un lot dont la tâche se perd revient à la période suivante.
    """
    pris: list[int] = []
    for editeur in Editeur.objects.filter(est_actif=True).order_by("pk"):
        places = budget_de(editeur).disponible()
        if places < 1:
            continue
        with transaction.atomic():
            dus = (
                editeur.lots.select_for_update(skip_locked=True)
                .filter(Q(prochaine_le=None) | Q(prochaine_le__lte=maintenant))
                .order_by(F("prochaine_le").asc(nulls_first=True), "pk")
            )
            lots = list(dus[:places])
            for lot in lots:
                lot.prochaine_le = prochaine_interrogation(maintenant, lot.numero, editeur.periode_s)
            Lot.objects.bulk_update(lots, ["prochaine_le"], batch_size=200)
        pris += [lot.pk for lot in lots]
    return pris


class Interrogateur:
    """Interroge des lots : une boucle et une session HTTP, tenues par `ouvrir_interrogateur`."""

    def __init__(self, boucle: asyncio.Runner, session: aiohttp.ClientSession) -> None:
        self._boucle = boucle
        self._session = session

    def interroger(
        self, editeur: Editeur, lot_ids: Sequence[int], maintenant: datetime, *, ecrire: bool = True
    ) -> Bilan:
        """Interroge ces lots ensemble et enregistre leurs réponses ; ceux que le budget refuse sont reportés.

        Sans `ecrire`, tout est comparé puis annulé : le bilan dit ce qui aurait changé.
        """
        demandes = {
            lot_id: _demande(editeur, demandes, maintenant)
            for lot_id, demandes in demandes_par_lot(lot_ids).items()
        }
        budget = budget_de(editeur)
        permis: list[Permis] = []
        try:
            with _sans_ramasse_miettes():
                return self._interroger(editeur, budget, demandes, permis, maintenant, ecrire)
        finally:
            budget.rendre_lots(permis)

    def _interroger(
        self,
        editeur: Editeur,
        budget: Budget,
        demandes: Mapping[int, Demande],
        permis: list[Permis],
        maintenant: datetime,
        ecrire: bool,
    ) -> Bilan:
        reponses, reportes = self._boucle.run(self._appeler(editeur, budget, demandes, permis))
        lectures = [
            _lire(lot_id, demandes[lot_id], reponse, maintenant) for lot_id, reponse in reponses.items()
        ]
        with transaction.atomic():
            bilan = stockage.enregistrer(editeur, lectures, maintenant)
            _reporter(reportes, maintenant)
            transaction.set_rollback(not ecrire)
        bilan.reportes.update(refus.value for refus in reportes.values())
        return bilan

    async def _appeler(
        self,
        editeur: Editeur,
        budget: Budget,
        demandes: Mapping[int, Demande],
        permis: list[Permis],
    ) -> tuple[dict[int, Reponse], dict[int, Refus]]:
        places = asyncio.Semaphore(editeur.concurrence_max)
        reponses: dict[int, Reponse] = {}
        reportes: dict[int, Refus] = {}

        async def appeler(lot_id: int) -> None:
            async with places:
                issue = budget.prendre(lot_id)
                if isinstance(issue, Refus):
                    reportes[lot_id] = issue
                    return
                permis.append(issue)
                reussi = False
                try:
                    url = demandes[lot_id].url
                    reponse = await interroger(self._session, url, http_admis=not settings.EST_EN_LIGNE)
                    reussi = reponse.etat not in ECHECS
                    reponses[lot_id] = reponse
                finally:
                    budget.finir_appel(issue, reussi=reussi)

        await asyncio.gather(*map(appeler, demandes))
        return reponses, reportes


@contextmanager
def _sans_ramasse_miettes() -> Iterator[None]:
    """Un groupe crée des dizaines de milliers d’objets sans cycle : les examiner ne libère rien."""
    actif = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if actif:
            gc.enable()


@contextmanager
def ouvrir_interrogateur() -> Iterator[Interrogateur]:
    with asyncio.Runner() as boucle:
        session = boucle.run(_ouvrir())
        try:
            yield Interrogateur(boucle, session)
        finally:
            boucle.run(session.close())


async def _ouvrir() -> aiohttp.ClientSession:
    return ouvrir_session(_tls(settings.EDITEURS_CERTIFICAT, settings.EDITEURS_CLE))


@cache
def _tls(certificat: str, cle: str) -> SSLContext:
    return contexte_tls(certificat, cle)


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
    lecture = normaliser(reponse.pages, demande) if reponse.etat == EtatLot.REUSSI else None
    return LectureLot(lot_id, maintenant, demande.identifiants, reponse, lecture)


def _reporter(reportes: dict[int, Refus], maintenant: datetime) -> None:
    """Remet à dû ce que le budget a refusé, sauf un lot qu’un autre processus interroge déjà."""
    dus = [lot_id for lot_id, refus in reportes.items() if refus != Refus.EN_COURS]
    if dus:
        Lot.objects.filter(pk__in=dus).update(prochaine_le=maintenant)
