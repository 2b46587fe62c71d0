"""Ce que la démonstration donne à voir de l’agenda : un médecin sous les deux heures, un centre, une association."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from agenda.models import Disponibilite, Indisponibilite, SemaineType
from annuaire.enums import TypeStructure
from annuaire.models import Delegation, LieuExercice
from comptes.models import Courriel
from orientation.models import Orientation
from orientation.suivi.lectures import recues_par
from participation.models import ParticipationStructure, Sollicitation, VersionParticipation
from sas_platform.demo.acces import preparer_acces
from sas_platform.demo.agendas import preparer_agendas
from sas_platform.demo.personas import creer_comptes
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
    sos, centre = StructureFactory(sos=True), StructureFactory()
    for structure in (sos, centre, StructureFactory(type=TypeStructure.MSP)):
        LieuExerciceFactory(effecteur=None, structure=structure)
    for _ in range(2):
        LieuExerciceFactory(structure=centre)
    effecteurs = {}
    for cle, nombre in (("effecteur", 3), ("effecteur-interface", 1)):
        effecteur = EffecteurFactory()
        for _ in range(nombre):
            LieuExerciceFactory(effecteur=effecteur)
        effecteurs[cle] = effecteur.identifiant_national
    comptes = creer_comptes(effecteurs)
    maintenant = timezone.now()
    preparer_acces(comptes, maintenant)
    preparer_agendas(comptes, timezone.now())
    return comptes


def lieux_du_medecin(comptes):
    numero = comptes["effecteur"].identifiant_national
    return LieuExercice.objects.filter(effecteur__identifiant_national=numero)


def test_le_medecin_a_plusieurs_lieux_des_fermetures_des_consignes_et_un_patient_oriente(comptes):
    lieux = lieux_du_medecin(comptes)

    assert Disponibilite.objects.filter(lieu__in=lieux).count() == 2
    assert Indisponibilite.objects.filter(lieu__in=lieux).count() == 2
    assert Sollicitation.objects.filter(lieu__in=lieux).count() == 1
    assert SemaineType.objects.filter(lieu__in=lieux).count() == 1
    assert Orientation.objects.get(structure=None).lieu in lieux
    assert VersionParticipation.objects.get(effecteur__isnull=False).apres["modalite"] == "individuel"


def test_l_alerte_du_vendredi_lui_est_deja_ecrite(comptes):
    alerte = Courriel.objects.get(compte=comptes["effecteur"], gabarit="agenda/heures_insuffisantes")

    assert "la semaine prochaine" in alerte.sujet
    assert "1\u00a0h\u00a030" in alerte.corps_texte


def test_le_centre_et_l_association_participent_et_la_deleguee_tient_le_centre(comptes):
    reglages = ParticipationStructure.objects.order_by("structure__type")

    assert [(r.structure.type, r.participe, r.nombre_effecteurs) for r in reglages] == [
        ("cds", True, 2),
        ("sos", True, 0),
    ]
    assert LieuExercice.objects.filter(structure__type="sos", effecteur=None).count() == 2
    delegation = Delegation.objects.get(structure__type="cds")
    assert delegation.delegataire == comptes["delegataire"]


def test_chaque_sorte_de_structure_a_un_patient_dont_dire_l_issue(comptes):
    """En sus par une CPTS, une MSP, SOS Médecins et un centre : le courriel du gestionnaire y mène."""
    gestionnaire = comptes["gestionnaire-structure"]

    recues = recues_par(gestionnaire, maintenant=timezone.now()).exclude(structure=None)

    assert {o.structure.type for o in recues} == {"cpts", "msp", "sos", "cds"}
    assert all(o.debut < timezone.now() for o in recues)
    assert [o.structure.type for o in recues if o.effecteur] == ["cpts"]
    assert Courriel.objects.filter(compte=gestionnaire, gabarit="orientation/avis").count() == 4


def test_rejouer_ne_refait_pas_ce_qui_a_ete_efface(comptes):
    Indisponibilite.objects.all().delete()
    ParticipationStructure.objects.update(participe=False)

    preparer_acces(comptes, timezone.now())
    preparer_agendas(comptes, timezone.now() + timedelta(minutes=1))

    assert not Indisponibilite.objects.exists()
    assert not ParticipationStructure.objects.filter(participe=True).exists()
    assert Orientation.objects.filter(structure=None).count() == 1
    assert Orientation.objects.exclude(structure=None).count() == 4
    recus = Courriel.objects.filter(compte=comptes["effecteur"])
    assert sorted(recus.values_list("gabarit", flat=True)) == [
        "agenda/heures_insuffisantes",
        "orientation/avis",
    ]
