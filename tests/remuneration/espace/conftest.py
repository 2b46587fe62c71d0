"""Un médecin de Lille, la responsable d’une association SOS Médecins, et ceux qui n’ont rien à y voir."""

from __future__ import annotations

import pytest

from annuaire.models import Delegation
from comptes.enums import Role
from tests.annuaire.factories import (
    EffecteurFactory,
    LieuExerciceFactory,
    StructureFactory,
    TerritoireFactory,
    habiliter,
)
from tests.comptes.factories import DEBUT, CompteFactory
from tests.remuneration.factories import ContestationFactory, MessageContestationFactory


@pytest.fixture
def lieu(db):
    return LieuExerciceFactory(effecteur=EffecteurFactory(prenom="Ada", nom="LEFORT"))


@pytest.fixture
def effecteur(lieu):
    return lieu.effecteur


@pytest.fixture
def compte(effecteur):
    return CompteFactory(
        role=Role.EFFECTEUR,
        identifiant_national=effecteur.identifiant_national,
        prenom="Ada",
        nom="Lefort",
        email="ada@exemple.invalid",
    )


@pytest.fixture
def medecin(client, compte):
    client.force_login(compte)
    return client


@pytest.fixture
def association(db):
    return StructureFactory(sos=True, nom="SOS Médecins Lille")


@pytest.fixture
def responsable(association):
    gestionnaire = CompteFactory(email="responsable@exemple.invalid")
    habiliter(gestionnaire, Role.GESTIONNAIRE_STRUCTURE, structure=association)
    return gestionnaire


@pytest.fixture
def agent(lieu):
    """Un agent de la caisse du Nord."""
    agent = CompteFactory(email="caisse@exemple.invalid")
    nord = TerritoireFactory(
        nom="SAS Nord", departements=[lieu.commune.departement], ouvert_date=DEBUT.date()
    )
    habiliter(agent, Role.CPAM, territoire=nord)
    return agent


@pytest.fixture
def etrangers(effecteur, association, compte, responsable):
    """Confrère, délégataire de ce médecin et de cette association, caisse, support, administrateur."""
    delegataire = CompteFactory(role=Role.DELEGATAIRE)
    commun = {"delegataire": delegataire, "debut_le": DEBUT, "consentie_le": DEBUT}
    Delegation.objects.create(effecteur=effecteur, consentie_par=compte, **commun)
    Delegation.objects.create(structure=association, consentie_par=responsable, **commun)
    confrere = EffecteurFactory()
    return [
        CompteFactory(role=Role.EFFECTEUR, identifiant_national=confrere.identifiant_national),
        delegataire,
        CompteFactory(role=Role.CPAM),
        CompteFactory(role=Role.SUPPORT),
        CompteFactory(administrateur=True),
    ]


@pytest.fixture
def fil(effecteur, compte, lieu):
    ouverte = ContestationFactory(effecteur=effecteur, departement=lieu.commune.departement)
    MessageContestationFactory(contestation=ouverte, auteur=compte)
    return ouverte
