"""Processus Celery ; tout l’horaire des tâches est dans cette table."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sas_platform.settings")

app = Celery("sas")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {}
