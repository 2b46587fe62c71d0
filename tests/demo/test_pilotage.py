"""Les mois de la démonstration : des faits écrits en SQL, des mesures faites par le vrai calcul."""

import pytest
from django.utils import timezone

from annuaire.models import LieuExercice
from orientation.models import RecherchesDuJour
from remuneration.domaine.mois import Mois
from remuneration.models import MesureMensuelle, MoisMesure
from sas_platform.demo.pilotage import MOIS, preparer_pilotage
from tests.annuaire.factories import CommuneFactory, LieuExerciceFactory, TerritoireFactory
from tests.participation.factories import ParticipationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def territoire():
    commune = CommuneFactory()
    for _ in range(3):
        ParticipationFactory(effecteur=LieuExerciceFactory(commune=commune).effecteur)
    return TerritoireFactory(departements=[commune.departement])


def test_le_tableau_de_bord_a_de_quoi_montrer(territoire, horloge):
    preparer_pilotage(timezone.now(), par_mois=20)

    fevrier = MesureMensuelle.objects.filter(mois=Mois(2026, 2).premier, territoire=territoire)
    codes = set(fevrier.values_list("code", flat=True))
    assert {"recherches", "recherches_suite", "orientations", "issues", "participants", "population"} <= codes
    assert LieuExercice.objects.count() == 3
    assert MoisMesure.objects.count() == MOIS + 1
    assert MoisMesure.objects.filter(clos_le__isnull=False).exists()


def test_relancer_ne_double_rien(territoire, horloge):
    preparer_pilotage(timezone.now(), par_mois=20)
    avant = RecherchesDuJour.objects.count()
    preparer_pilotage(timezone.now(), par_mois=20)

    assert RecherchesDuJour.objects.count() == avant
