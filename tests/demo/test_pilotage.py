"""Les mois de la démonstration : des faits écrits en SQL, des mesures faites par le vrai calcul."""

from datetime import date

import pytest
from django.utils import timezone

from agenda.models import ReleveHebdomadaire
from annuaire.models import LieuExercice
from orientation.models import Orientation, RecherchesDuJour, RendezVous
from remuneration.domaine.mois import Mois
from remuneration.models import MesureMensuelle, MoisMesure
from sas_platform.demo.pilotage import MOIS, mesurer_les_mois, raconter_les_mois
from tests.agenda.factories import DisponibiliteFactory, RaccordementFactory
from tests.annuaire.factories import CommuneFactory, LieuExerciceFactory, TerritoireFactory
from tests.orientation.factories import OutilTerritorialFactory
from tests.participation.factories import ParticipationFactory

pytestmark = pytest.mark.django_db
FEVRIER = Mois(2026, 2)


@pytest.fixture
def territoire():
    """Trois participants : deux tiennent leur agenda ici, le dernier chez un éditeur."""
    commune = CommuneFactory()
    lieux = [LieuExerciceFactory(commune=commune) for _ in range(3)]
    for lieu in lieux:
        ParticipationFactory(effecteur=lieu.effecteur)
    for lieu in lieux[:2]:
        DisponibiliteFactory(lieu=lieu)
    RaccordementFactory(effecteur=lieux[2].effecteur)
    territoire = TerritoireFactory(departements=[commune.departement], ouvert_date=date(2025, 1, 1))
    OutilTerritorialFactory(territoire=territoire)
    return territoire


def raconter() -> None:
    raconter_les_mois(timezone.now(), par_mois=40)
    mesurer_les_mois(timezone.now())


def test_le_tableau_de_bord_a_de_quoi_montrer(territoire, horloge):
    raconter()

    lues = MesureMensuelle.objects.filter(mois=FEVRIER.premier, territoire=territoire)
    codes = set(lues.values_list("code", flat=True))
    assert {
        "recherches",
        "recherches_suite",
        "sans_resultat_commune",
        "orientations",
        "orientations_externes",
        "issues",
        "appels",
        "refus",
        "participants",
        "interfaces",
        "heures_semaine",
        "population",
    } <= codes
    natures = lues.filter(code="orientations").values_list("dimension", flat=True)
    assert set(natures) == {"premier_niveau", "surnumeraire", "editeur", "ioa"}
    assert MesureMensuelle.objects.filter(mois=FEVRIER.premier, code="editeur_appels").exists()
    assert LieuExercice.objects.count() == 3
    assert MoisMesure.objects.count() == MOIS + 1
    assert MoisMesure.objects.filter(clos_le__isnull=False).exists()


def test_un_territoire_sans_sas_ne_cherche_pas(territoire, horloge):
    ferme = TerritoireFactory()
    raconter()

    assert not RecherchesDuJour.objects.filter(territoire=ferme).exists()
    assert MesureMensuelle.objects.get(mois=FEVRIER.premier, code="sas_quotidiens").valeur == 1


def test_relancer_ne_double_rien(territoire, horloge):
    def nombres() -> list[int]:
        return [m.objects.count() for m in (RecherchesDuJour, Orientation, RendezVous, ReleveHebdomadaire)]

    raconter()
    avant = nombres()
    raconter()

    assert nombres() == avant
    assert all(avant)
