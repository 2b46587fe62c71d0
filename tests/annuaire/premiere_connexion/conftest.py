"""De quoi jouer une première connexion : une personne identifiée, sa boîte aux lettres."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from django.core import mail
from django.test import Client

from annuaire.models import Effecteur
from comptes.models import Courriel
from sas_platform.demo.personas import PAR_CLE
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory
from tests.comptes.conftest import Parcours, parcours, psc  # noqa: F401

NUMERO = PAR_CLE["effecteur-nouveau"].identifiant_national
SAISIE = "/premiere-connexion/"
ECRAN = "/premiere-connexion/courriel/"
ADRESSE = "noe.vasseur@exemple.invalid"


@dataclass(frozen=True)
class Recu:
    """Ce que lit, dans son courriel, le titulaire de l’adresse."""

    gabarit: str
    texte: str

    @property
    def lien(self) -> str:
        trouve = re.search(r"https?://[^/\s]+(/premiere-connexion/lien/\S+)", self.texte)
        return trouve[1] if trouve else ""

    @property
    def code(self) -> str:
        trouve = re.search(r"\b(\d{6})\b(?!\d)", self.texte.replace(NUMERO, ""))
        return trouve[1] if trouve else ""


class Boite:
    """Les courriels d’une adresse : en base tant qu’ils attendent, dans la boîte d’essai une fois partis."""

    def lire(self, adresse: str = ADRESSE) -> list[Recu]:
        partis = iter([str(message.body) for message in mail.outbox if adresse in message.to])
        lus = Courriel.objects.filter(destinataire=adresse).order_by("pk")
        return [Recu(courriel.gabarit, courriel.corps_texte or next(partis)) for courriel in lus]

    def dernier(self, adresse: str = ADRESSE) -> Recu:
        return self.lire(adresse)[-1]


@pytest.fixture
def boite() -> Boite:
    return Boite()


@pytest.fixture
def effecteur() -> Effecteur:
    """La persona « effecteur-nouveau », connue de l’annuaire avec un lieu."""
    return LieuExerciceFactory(effecteur=EffecteurFactory(identifiant_national=NUMERO)).effecteur


@pytest.fixture
def identifie(parcours: Parcours) -> Client:  # noqa: F811
    """Le navigateur d’une personne identifiée par Pro Santé Connect, que nul compte ne connaît."""
    reponse = parcours.complet("effecteur-nouveau")
    assert reponse.headers["Location"] == SAISIE
    return parcours.client


def soumettre(client: Client, adresse: str = ADRESSE):
    return client.post(SAISIE, {"email": adresse})


def taper(client: Client, code: str):
    return client.post(ECRAN, {"code": code})
