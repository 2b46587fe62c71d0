from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from annuaire.models import Delegation
from comptes.connexion import MOTEUR
from comptes.enums import Role
from tests.annuaire.factories import (
    EffecteurFactory,
    LieuExerciceFactory,
    StructureFactory,
    TerritoireFactory,
    habiliter,
)
from tests.comptes.factories import CompteFactory, HabilitationFactory

pytestmark = pytest.mark.django_db
PAGE = "/mon-compte/"


def contenu(client) -> str:
    return client.get(PAGE).content.decode().replace("\u00a0", " ")


def test_la_page_dit_les_roles_et_ce_sur_quoi_ils_portent(client):
    compte = CompteFactory(role=Role.IOA)
    habiliter(compte, Role.GESTIONNAIRE_COMPTES, territoire=TerritoireFactory(nom="SAS-59 Nord"))
    HabilitationFactory(compte=compte, role=Role.OSNP, finie=True)
    client.force_login(compte)

    page = contenu(client)

    assert "SAS - Gestionnaire de comptes : SAS-59 Nord" in page
    assert "SAS - Infirmier organisateur de l’accueil" in page
    assert "Opérateur de soins non programmés" not in page


def test_la_page_dit_par_quoi_l_on_s_est_connecte(client):
    compte = CompteFactory(osnp=True)
    client.force_login(compte, backend=MOTEUR)

    assert "par Pro Santé Connect" in contenu(client)


def test_l_effecteur_voit_ses_lieux_ses_delegataires_et_de_quoi_en_demander(client):
    effecteur = EffecteurFactory()
    LieuExerciceFactory(effecteur=effecteur, adresse="7 rue Basse")
    compte = CompteFactory(role=Role.EFFECTEUR, identifiant_national=effecteur.identifiant_national)
    Delegation.objects.create(delegataire=CompteFactory(nom="Gautier"), effecteur=effecteur)
    client.force_login(compte)

    page = contenu(client)

    assert "7 rue Basse" in page
    assert "Gautier" in page
    assert "en attente de votre consentement" in page
    assert reverse("delegations:demander") in page


def test_le_gestionnaire_voit_ses_structures_et_le_delegataire_pour_qui_il_agit(client):
    structure = StructureFactory(cpts=True, nom="CPTS de Lille")
    gestionnaire, delegataire = CompteFactory(), CompteFactory(role=Role.DELEGATAIRE)
    habiliter(gestionnaire, Role.GESTIONNAIRE_STRUCTURE, structure=structure)
    Delegation.objects.create(
        delegataire=delegataire,
        structure=structure,
        consentie_le=timezone.now(),
        consentie_par=gestionnaire,
    )
    client.force_login(gestionnaire)
    du_gestionnaire = contenu(client)
    client.force_login(delegataire)
    du_delegataire = contenu(client)

    assert "CPTS de Lille" in du_gestionnaire
    assert "Votre espace de délégation" not in du_gestionnaire
    assert "Votre espace de délégation" in du_delegataire
    assert reverse("delegations:demander") not in du_delegataire


def test_sans_role_la_page_dit_a_qui_s_adresser(client):
    client.force_login(CompteFactory())

    assert "demandez au gestionnaire de comptes de votre territoire" in contenu(client)
