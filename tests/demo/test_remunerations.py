"""Ce que la démonstration donne à voir de la rémunération : un trimestre clos et remis, un autre en cours, un fil."""

from __future__ import annotations

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from orientation.models import Orientation
from remuneration.models import Calcul, Contestation, Decompte, Export
from sas_platform.demo.acces import preparer_acces
from sas_platform.demo.agendas import preparer_agendas
from sas_platform.demo.personas import creer_comptes
from sas_platform.demo.remunerations import preparer_remunerations
from tests.annuaire.factories import (
    CommuneFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    SpecialiteFactory,
    StructureFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def comptes():
    CommuneFactory()
    SpecialiteFactory()
    StructureFactory(cpts=True)
    LieuExerciceFactory(effecteur=None, structure=StructureFactory(sos=True))
    LieuExerciceFactory(structure=StructureFactory())
    effecteurs = {}
    for cle in ("effecteur", "effecteur-interface"):
        effecteur = EffecteurFactory()
        LieuExerciceFactory(effecteur=effecteur)
        effecteurs[cle] = effecteur.identifiant_national
    with time_machine.travel("2026-11-19T10:00:00Z", tick=False):
        maintenant = timezone.now()
        comptes = creer_comptes(effecteurs)
        preparer_acces(comptes, maintenant)
        preparer_agendas(comptes, maintenant)
        preparer_remunerations(comptes, maintenant)
        yield comptes


def test_le_trimestre_ecoule_est_clos_remis_et_conteste(comptes):
    calcul = Calcul.objects.get(periode__code="2026T3")
    fil = Contestation.objects.get()

    assert calcul.etape == "clos"
    assert Decompte.objects.filter(calcul=calcul, effecteur__isnull=False, est_du=True).exists()
    assert Export.objects.filter(calcul=calcul, remis_le__isnull=False).count() == 2
    # La règle des deux personnes se joue : celui-ci attend l’agente qui valide.
    assert Export.objects.get(calcul=calcul, valide_le=None).genere_par == comptes["cpam"]
    assert fil.etat == "repondue"
    assert [message.de_la_caisse for message in fil.messages.all()] == [False, True]


def test_l_annee_d_avant_montre_une_tranche_atteinte_et_le_forfait_annuel(comptes):
    decomptes = Decompte.objects.filter(
        effecteur__identifiant_national=comptes["effecteur"].identifiant_national
    )

    assert not Calcul.objects.exclude(etape="clos").exists()
    assert decomptes.get(calcul__periode__code="2025T4", prestation="activite").montant == 210
    assert decomptes.get(calcul__periode__code="2025", prestation="participation").preuve["semaines"] > 0


def test_chaque_persona_a_de_quoi_lire_et_la_refaire_n_ajoute_rien(comptes, client):
    avant = Orientation.objects.count(), Calcul.objects.count(), Contestation.objects.count()
    preparer_remunerations(comptes, timezone.now())

    client.force_login(comptes["effecteur"])
    lue = client.get(reverse("ma_participation:actes", kwargs={"qui": "moi"})).content.decode()
    client.force_login(comptes["gestionnaire-structure"])
    page = client.get(reverse("ma_participation:accueil"), follow=True)

    assert (Orientation.objects.count(), Calcul.objects.count(), Contestation.objects.count()) == avant
    assert "À coter" in lue
    assert "Issue pas encore dite" in lue
    assert page.status_code == 200
