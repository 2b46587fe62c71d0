"""Ce que chaque persona de la démonstration tient en main."""

from __future__ import annotations

import pytest
from django.utils import timezone

from annuaire.champs import champ, lieux_du, structures_du, territoires_du
from annuaire.enums import EtatDemande, TypeStructure
from annuaire.models import Delegation, DemandeDelegation, Effecteur, Rattachement, Territoire
from comptes.enums import Action
from participation.enums import Modalite
from participation.models import Participation
from sas_platform.demo.acces import preparer_acces
from sas_platform.demo.personas import PAR_CLE, creer_comptes
from tests.annuaire.factories import (
    CommuneFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    StructureFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def comptes():
    CommuneFactory()
    StructureFactory(cpts=True)
    StructureFactory(sos=True)
    effecteurs = {}
    for cle in ("effecteur", "effecteur-interface"):
        effecteur = EffecteurFactory()
        LieuExerciceFactory(effecteur=effecteur)
        effecteurs[cle] = effecteur.identifiant_national
    return creer_comptes(effecteurs)


def test_les_personas_ont_leur_champ(comptes):
    maintenant = timezone.now()
    preparer_acces(comptes, maintenant)

    def du(cle: str, action: Action):
        return champ(comptes[cle], action, instant=timezone.now())

    gere = du("gestionnaire-comptes", Action.GERER_COMPTES)
    assert [t.nom for t in territoires_du(gere)] == ["SAS-59 Nord"]
    assert structures_du(du("gestionnaire-structure", Action.GERER_STRUCTURES)).count() == 2
    tenus = lieux_du(du("delegataire", Action.TENIR_AGENDA), instant=maintenant)
    effecteur = Effecteur.objects.get(identifiant_national=comptes["effecteur"].identifiant_national)
    assert list(tenus) == list(effecteur.lieux.all())
    assert Delegation.objects.filter(consentie_le=None).count() == 1
    assert DemandeDelegation.objects.get().etat == EtatDemande.OUVERTE


def test_des_membres_de_la_cpts_y_participent_par_elle(comptes):
    """Sans quoi la recherche n’a personne à ranger sous elle."""
    lieux = [LieuExerciceFactory(effecteur=EffecteurFactory(savoir_faire=["SM54"])) for _ in range(3)]

    preparer_acces(comptes, timezone.now())

    participations = Participation.objects.filter(modalite=Modalite.CPTS, lieux__in=lieux)
    assert {p.structure.type for p in participations} == {TypeStructure.CPTS}
    assert participations.count() == 3


def test_les_trois_cas_de_premiere_connexion_sont_jouables(comptes):
    preparer_acces(comptes, timezone.now())

    nouveau = PAR_CLE["effecteur-nouveau"]
    assert nouveau.cle not in comptes
    assert Effecteur.objects.get(identifiant_national=nouveau.identifiant_national).lieux.count() == 1
    assert comptes["compte-connu"].identifiant_national is None
    inconnu = PAR_CLE["sans-habilitation"]
    assert inconnu.cle not in comptes
    assert not Effecteur.objects.filter(identifiant_national=inconnu.identifiant_national).exists()


def test_rejouer_ne_defait_rien_de_ce_qui_a_ete_joue(comptes):
    preparer_acces(comptes, timezone.now())
    Delegation.objects.update(revoquee_le=timezone.now())
    Rattachement.objects.update(fin_le=timezone.now())
    compte = comptes["compte-connu"]
    compte.identifiant_national = PAR_CLE["compte-connu"].identifiant_national
    compte.save()

    preparer_acces(creer_comptes(), timezone.now())

    compte.refresh_from_db()
    assert compte.identifiant_national
    assert Delegation.objects.count() == 2
    assert not Delegation.objects.vivantes(timezone.now()).exists()
    assert not Rattachement.objects.ouverts(timezone.now()).exists()
    assert Territoire.objects.get(nom="SAS-59 Nord").departements.count() == 1
