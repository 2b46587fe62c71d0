"""Ce qu’un rendez-vous annoncé par un éditeur a le droit de cacher aux régulateurs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agenda.models import PeriodePrise
from orientation.models import RendezVous
from tests.agenda.factories import AgendaEditeurFactory, LotFactory, RaccordementFactory
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory
from tests.orientation.rendez_vous.conftest import message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("maintenant")]

MEDECIN = "810100050075"


@pytest.fixture
def cabinet():
    """Le médecin tient son agenda chez un autre éditeur que celui qui appelle."""
    lieu = LieuExerciceFactory(effecteur=EffecteurFactory(identifiant_national=MEDECIN))
    AgendaEditeurFactory(lieu=lieu)
    return lieu


def test_un_editeur_ne_cache_pas_les_creneaux_de_qui_ne_tient_pas_d_agenda_chez_lui(envoyer, cabinet):
    assert envoyer(message()).status_code == 201

    assert RendezVous.objects.get().effecteur_id == cabinet.effecteur_id
    assert not PeriodePrise.objects.exists()


def test_un_editeur_cache_chez_tous_ce_que_prend_le_medecin_qui_a_un_agenda_chez_lui(
    envoyer, editeur, cabinet
):
    RaccordementFactory(effecteur=cabinet.effecteur, lot=LotFactory(editeur=editeur))

    envoyer(message())

    assert PeriodePrise.objects.get().lieu_id == cabinet.pk


def test_un_rendez_vous_demesure_ne_cache_pas_plus_d_une_journee(envoyer, editeur, cabinet):
    RaccordementFactory(effecteur=cabinet.effecteur, lot=LotFactory(editeur=editeur))

    assert envoyer(message(end="2099-11-02T09:20:00+01:00")).status_code == 201

    periode = PeriodePrise.objects.get()
    assert periode.fin - periode.debut == timedelta(days=1)
