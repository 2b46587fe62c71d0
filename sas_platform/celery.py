"""Processus Celery ; tout l’horaire des tâches est dans cette table."""

import os
from typing import Any

from celery import Celery, signals
from celery.schedules import crontab
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sas_platform.settings")

app = Celery("sas")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


# Quatre files, pour que la charge de l’une ne retarde pas les autres (docs/adr/0006).
app.conf.task_queues = [Queue(nom) for nom in ("immediat", "fond", "sorties", "calculs")]
app.conf.task_routes = {
    "agenda.tasks.repartir_pour_un_ecran": {"queue": "immediat"},
    "agenda.tasks.interroger_pour_un_ecran": {"queue": "immediat"},
    "agenda.tasks.interroger_*": {"queue": "fond"},
    "agenda.tasks.actualiser_*": {"queue": "fond"},
    "agenda.tasks.envoyer_*": {"queue": "sorties"},
    "comptes.tasks.envoyer_*": {"queue": "sorties"},
    "orientation.tasks.envoyer_*": {"queue": "sorties"},
}

app.conf.beat_schedule = {
    "interroger-lots-dus": {
        "task": "agenda.tasks.interroger_lots_dus",
        "schedule": 15,
        "options": {"queue": "fond", "expires": 15},
    },
    "chercher-des-editeurs": {
        "task": "agenda.tasks.chercher_des_editeurs",
        "schedule": crontab(minute="3-59/10"),
        "options": {"queue": "fond", "expires": 300},
    },
    "rafraichir-perimees": {
        "task": "agenda.tasks.rafraichir_perimees",
        "schedule": 10,
        "options": {"queue": "immediat", "expires": 10},
    },
    "liberer-tenues": {
        "task": "agenda.tasks.liberer_tenues_echues",
        "schedule": 10,
        "options": {"queue": "immediat", "expires": 10},
    },
    "balayer-offre": {
        "task": "agenda.tasks.balayer_offre",
        "schedule": crontab(),
        "options": {"queue": "calculs", "expires": 60},
    },
    "envoyer-courriels-dus": {
        "task": "comptes.tasks.envoyer_courriels_dus",
        "schedule": crontab(),
        "options": {"queue": "sorties", "expires": 60},
    },
    "envoyer-regulateurs": {
        "task": "agenda.tasks.envoyer_regulateurs",
        "schedule": 10,
        "options": {"queue": "sorties", "expires": 10},
    },
    "retirer-regulateurs-echus": {
        "task": "agenda.tasks.retirer_regulateurs_echus",
        "schedule": crontab(),
        "options": {"queue": "sorties", "expires": 60},
    },
    "envoyer-messages-hub": {
        "task": "orientation.tasks.envoyer_messages_hub",
        "schedule": crontab(),
        "options": {"queue": "sorties", "expires": 60},
    },
    "verser-compteurs": {
        "task": "orientation.tasks.verser_compteurs",
        "schedule": crontab(),
        "options": {"queue": "calculs", "expires": 60},
    },
    # Avant la purge, et après les dernières heures de la veille outre-mer.
    "mesurer-les-mois": {
        "task": "remuneration.tasks.mesurer_les_mois",
        "schedule": crontab(hour=1, minute=52),
        "options": {"queue": "calculs", "expires": 6 * 3600},
    },
    "envoyer-resumes-du-soir": {
        "task": "orientation.tasks.envoyer_resumes",
        "schedule": crontab(hour="18,19", minute=32),
        "options": {"queue": "sorties", "expires": 3000},
    },
    "relancer-inactifs": {
        "task": "comptes.tasks.relancer_inactifs",
        "schedule": crontab(hour=7, minute=12),
        "options": {"queue": "calculs", "expires": 6 * 3600},
    },
    "rappeler-mots-de-passe": {
        "task": "comptes.tasks.rappeler_mots_de_passe",
        "schedule": crontab(hour=7, minute=22),
        "options": {"queue": "calculs", "expires": 6 * 3600},
    },
    "effacer-sessions-expirees": {
        "task": "comptes.tasks.effacer_sessions_expirees",
        "schedule": crontab(minute=37),
        "options": {"queue": "calculs", "expires": 3600},
    },
    "purger": {
        "task": "sas_platform.tasks.purger",
        "schedule": crontab(hour=2, minute=40),
        "options": {"queue": "calculs", "expires": 6 * 3600},
    },
    "calculer-periodes": {
        "task": "remuneration.tasks.calculer_periodes_ouvertes",
        "schedule": crontab(hour=4, minute=10),
        "options": {"queue": "calculs", "expires": 6 * 3600},
    },
    "actualiser-calendriers": {
        "task": "agenda.tasks.actualiser_calendriers",
        "schedule": crontab(minute="*/5"),
        "options": {"queue": "fond", "expires": 300},
    },
    "relever-heures": {
        "task": "agenda.tasks.relever_heures",
        "schedule": crontab(day_of_week="mon", hour=13, minute=17),
        "options": {"queue": "calculs", "expires": 6 * 3600},
    },
    "alerter-heures-insuffisantes": {
        "task": "agenda.tasks.alerter_heures_insuffisantes",
        "schedule": crontab(day_of_week="fri,sat", hour=9, minute=17),
        "options": {"queue": "calculs", "expires": 6 * 3600},
    },
    "reconstruire-offre": {
        "task": "agenda.tasks.reconstruire_offre_periodique",
        "schedule": crontab(minute=7),
        "options": {"queue": "calculs", "expires": 3600},
    },
}


@signals.worker_init.connect
@signals.beat_init.connect
def _refuser_une_configuration_dangereuse(**_: Any) -> None:
    from sas_platform.controles import exiger_configuration_sure

    exiger_configuration_sure()
