"""Deux territoires, leurs gestionnaires, un effecteur et des structures de chaque côté ; mardi 17 mars 2026."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone

from annuaire.models import Effecteur, Structure, Territoire
from comptes.enums import Role
from comptes.models import Compte
from tests.annuaire.factories import (
    CommuneFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    StructureFactory,
    TerritoireFactory,
    habiliter,
)
from tests.comptes.factories import CompteFactory


@dataclass
class Monde:
    maintenant: datetime
    nord: Territoire
    reunion: Territoire
    gestionnaire: Compte
    voisin: Compte
    administrateur: Compte
    osnp: Compte
    osnp_reunion: Compte
    effecteur: Effecteur
    effecteur_reunion: Effecteur
    msp: Structure
    cpts: Structure
    sos: Structure
    msp_reunion: Structure


@pytest.fixture
def monde(db, horloge) -> Monde:
    lille, saint_denis = CommuneFactory(), CommuneFactory(reunion=True)
    nord = TerritoireFactory(nom="SAS Nord", departements=[lille.departement])
    reunion = TerritoireFactory(nom="SAS Réunion", departements=[saint_denis.departement])
    comptes = {
        nom: CompteFactory(nom=nom.title(), email=f"{nom}@exemple.invalid")
        for nom in ("gestionnaire", "voisin", "osnp", "osnp-reunion")
    }
    habiliter(comptes["gestionnaire"], Role.GESTIONNAIRE_COMPTES, territoire=nord)
    habiliter(comptes["voisin"], Role.GESTIONNAIRE_COMPTES, territoire=reunion)
    habiliter(comptes["osnp"], Role.OSNP, territoire=nord)
    habiliter(comptes["osnp-reunion"], Role.OSNP, territoire=reunion)
    effecteur = EffecteurFactory(nom="FAVIER", prenom="Étienne", identifiant_national="810000000001")
    effecteur_reunion = EffecteurFactory(nom="HOAREAU", prenom="Line", identifiant_national="810000000002")
    LieuExerciceFactory(effecteur=effecteur)
    LieuExerciceFactory(effecteur=effecteur_reunion, reunion=True)
    return Monde(
        maintenant=timezone.now(),
        nord=nord,
        reunion=reunion,
        gestionnaire=comptes["gestionnaire"],
        voisin=comptes["voisin"],
        administrateur=CompteFactory(administrateur=True, nom="Minard"),
        osnp=comptes["osnp"],
        osnp_reunion=comptes["osnp-reunion"],
        effecteur=effecteur,
        effecteur_reunion=effecteur_reunion,
        msp=StructureFactory(msp=True, nom="MSP des Tilleuls", finess="590000001"),
        cpts=StructureFactory(cpts=True, nom="CPTS de Lille", finess="590000002"),
        sos=StructureFactory(sos=True, nom="SOS Médecins Lille", siret="99900000000011", commune=lille),
        msp_reunion=StructureFactory(
            msp=True, nom="MSP des Tamarins", finess="970400001", commune=saint_denis
        ),
    )


@pytest.fixture
def client_de(monde):
    def ouvrir(compte: Compte) -> Client:
        client = Client()
        client.force_login(compte)
        return client

    return ouvrir


@pytest.fixture
def gestionnaire(client_de, monde) -> Client:
    return client_de(monde.gestionnaire)
