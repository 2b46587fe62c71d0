"""Un éditeur en mémoire, qui tient ses comptes comme le kit l’exige, et qui sait ne pas répondre."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from agenda.enums import Flux
from agenda.models import CopieRegulateur, Editeur, EnvoiRegulateur
from agenda.regulateurs.comparaison import comparer_les_marques
from agenda.regulateurs.dialogue import Message, Reponse, dialoguer
from agenda.regulateurs.expedition import envoyer_dus
from comptes.models import Compte
from sas_platform.demo.editeur_simule.comptes import CompteRefuse, Comptes, CompteTenu
from tests.agenda.factories import EditeurFactory

LUNDI_9H = datetime(2026, 11, 2, 8, tzinfo=UTC)

# Ce que fait l’éditeur d’un appel : répondre ; faire et ne rien dire ; ne rien recevoir ; être en panne.
REPONDRE, TAIRE, PERDRE, PANNE = "répondre", "taire", "perdre", "panne"


@dataclass
class Vendeur:
    """`pannes` : ce qu’il fera des appels suivants, dans l’ordre ; ensuite il répond."""

    comptes: Comptes = field(default_factory=Comptes)
    pannes: list[str] = field(default_factory=list)
    appels: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def remettre(self, editeur: Editeur, message: Message) -> Reponse:
        return asyncio.run(dialoguer(self._appeler, message))

    async def _appeler(self, identifiant: str, corps: dict[str, Any]) -> Reponse:
        self.appels.append(("PUT" if identifiant else "POST", identifiant, corps))
        faire = self.pannes.pop(0) if self.pannes else REPONDRE
        if faire == PERDRE:
            return Reponse(motif="connexion impossible")
        if faire == PANNE:
            return Reponse(503, "HTTP 503")
        reponse = self._repondre(identifiant, corps)
        return Reponse(motif="délai dépassé") if faire == TAIRE else reponse

    def _repondre(self, identifiant: str, corps: dict[str, Any]) -> Reponse:
        octets = msgspec.json.encode(corps)
        try:
            if not identifiant:
                self.comptes.creer(octets)
                return Reponse(201)
            _, est_nouveau = self.comptes.mettre(identifiant, octets)
            return Reponse(201 if est_nouveau else 200)
        except CompteRefuse as refus:
            return Reponse(refus.statut, f"HTTP {refus.statut} : {refus}")

    @property
    def methodes(self) -> list[str]:
        return [methode for methode, _, _ in self.appels]

    @property
    def actifs(self) -> list[CompteTenu]:
        return [tenu for tenu in self.comptes.tenus.values() if tenu.actif]


@dataclass
class Plateforme:
    """La plateforme et son éditeur ; l’heure n’avance que si on le demande."""

    vendeur: Vendeur
    editeur: Editeur
    maintenant: datetime = LUNDI_9H

    def connecter(self, compte: Compte) -> None:
        self.maintenant += timedelta(seconds=1)
        compte.refresh_from_db()
        compte.last_login = self.maintenant
        compte.save(update_fields=["last_login"])

    def passer(self, *, dans: timedelta = timedelta()) -> int:
        """Un passage de la tâche, `dans` ce délai."""
        self.maintenant += dans
        comparer_les_marques(maintenant=self.maintenant)
        return envoyer_dus(
            self.editeur.pk, horloge=lambda: self.maintenant, remettre=self.vendeur.remettre
        ).acquittes

    def tout_passer(self) -> None:
        """Jusqu’à ce que plus rien n’attende, l’éditeur répondant de nouveau."""
        self.vendeur.pannes.clear()
        for _ in range(12):
            self.passer(dans=timedelta(hours=5))
            if not EnvoiRegulateur.objects.en_suspens().filter(etat="a_envoyer").exists():
                break

    def copie(self, compte: Compte) -> CopieRegulateur:
        return CopieRegulateur.objects.get(compte=compte, editeur=self.editeur)

    def suspens(self, compte: Compte) -> EnvoiRegulateur | None:
        return self.copie(compte).envois.en_suspens().first()


@pytest.fixture
def plateforme(db) -> Plateforme:
    return Plateforme(Vendeur(), EditeurFactory(flux=[Flux.PS, Flux.COMPTES]))
