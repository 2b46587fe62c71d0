"""Les files : chacune sa charge, une tâche perdue revient, une tâche trop vieille disparaît."""

from unittest.mock import Mock

import pytest
from django.conf import settings

from agenda import tasks
from agenda.editeurs.choix import ATTENTE_MAX_S
from agenda.models import Lot
from sas_platform.celery import app
from tests.agenda.factories import LotFactory


def file_de(tache: str) -> str:
    return app.amqp.router.route({}, tache)["queue"].name


@pytest.mark.parametrize(
    ("tache", "file"),
    [
        ("agenda.tasks.repartir_pour_un_ecran", "immediat"),
        ("agenda.tasks.interroger_pour_un_ecran", "immediat"),
        ("agenda.tasks.interroger_lots", "fond"),
        ("agenda.tasks.interroger_lots_dus", "fond"),
        ("comptes.tasks.envoyer_courriel", "sorties"),
        ("agenda.tasks.relever_heures", "calculs"),
    ],
)
def test_ce_qu_un_ecran_attend_ne_suit_pas_l_interrogation_de_fond(tache, file):
    assert file_de(tache) == file


def test_la_tache_d_un_worker_tue_revient():
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    options = app.conf.broker_transport_options
    assert options["unacked_restore_interval"] * options["unacked_restore_throttle"] <= 5
    for tache in (tasks.interroger_lots, tasks.interroger_pour_un_ecran):
        assert tache.acks_late


def test_aucune_tache_ne_dure_assez_pour_etre_redonnee_a_un_autre():
    """Plus courte qu’une tâche, la visibilité la ferait jouer deux fois."""
    app.loader.import_default_modules()
    limites = {
        nom: tache.time_limit or settings.CELERY_TASK_TIME_LIMIT
        for nom, tache in app.tasks.items()
        if not nom.startswith("celery.")
    }

    visibilite = app.conf.broker_transport_options["visibility_timeout"]
    assert {nom: limite for nom, limite in limites.items() if limite >= visibilite} == {}


@pytest.mark.django_db
def test_une_interrogation_de_fond_trop_vieille_disparait_et_le_lot_revient(monkeypatch):
    LotFactory(prochaine_le=None)
    envoi = Mock()
    monkeypatch.setattr(tasks.interroger_lots, "apply_async", envoi)

    assert tasks.interroger_lots_dus() == 1

    lot = Lot.objects.get()
    attendu = {"editeur_id": lot.editeur_id, "lot_ids": [lot.pk]}
    envoi.assert_called_once_with(kwargs=attendu, expires=ATTENTE_MAX_S)


def test_aucune_tache_periodique_ne_s_accumule():
    """Chacune périt avant d’être doublée par la suivante, ou presque."""
    for nom, ligne in app.conf.beat_schedule.items():
        assert ligne["options"]["expires"], nom
        if isinstance(ligne["schedule"], int):
            assert ligne["options"]["expires"] <= ligne["schedule"], nom
