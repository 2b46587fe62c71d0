"""Un effecteur de Lille, son gestionnaire de comptes, celui d’un autre territoire ; mardi 17 mars 2026."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pytest
from django.utils import timezone

from annuaire.models import Commune, DemandeDelegation, Effecteur, LieuExercice, Structure, Territoire
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
    lille: Commune
    nord: Territoire
    effecteur: Effecteur
    lieux: list[LieuExercice]
    medecin: Compte
    gestionnaire: Compte
    etranger: Compte
    cpts: Structure
    responsable: Compte


@pytest.fixture
def monde(db, horloge) -> Monde:
    lille, saint_denis = CommuneFactory(), CommuneFactory(reunion=True)
    nord = TerritoireFactory(nom="SAS Nord", departements=[lille.departement])
    reunion = TerritoireFactory(nom="SAS Réunion", departements=[saint_denis.departement])
    effecteur = EffecteurFactory(nom="FAVIER", prenom="Étienne")
    medecin = CompteFactory(
        role=Role.EFFECTEUR, identifiant_national=effecteur.identifiant_national, nom="Favier"
    )
    gestionnaire, etranger, responsable = (CompteFactory(nom=nom) for nom in ("Comte", "Ailleurs", "Santini"))
    habiliter(gestionnaire, Role.GESTIONNAIRE_COMPTES, territoire=nord)
    habiliter(etranger, Role.GESTIONNAIRE_COMPTES, territoire=reunion)
    cpts = StructureFactory(cpts=True, nom="CPTS de Lille")
    habiliter(responsable, Role.GESTIONNAIRE_STRUCTURE, structure=cpts)
    return Monde(
        maintenant=timezone.now(),
        lille=lille,
        nord=nord,
        effecteur=effecteur,
        lieux=[LieuExerciceFactory(effecteur=effecteur) for _ in range(2)],
        medecin=medecin,
        gestionnaire=gestionnaire,
        etranger=etranger,
        cpts=cpts,
        responsable=responsable,
    )


@pytest.fixture
def demander(monde) -> Callable[..., DemandeDelegation]:
    from annuaire.delegations import actions

    def envoyer(**champs: object) -> DemandeDelegation:
        saisie = {
            "demandeur": monde.medecin,
            "effecteur": monde.effecteur,
            "prenom": "Délia",
            "nom": "Gautier",
            "email": "delia@exemple.invalid",
            "commune": monde.lille,
            "maintenant": monde.maintenant,
        }
        return actions.demander(**(saisie | champs))

    return envoyer
