"""Tâches de l’orientation : messages au Hub Santé, résumés du soir, compteurs des recherches."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from orientation.compteurs.versement import verser
from orientation.hub.expedition import envoyer_dus
from orientation.suivi.avis import resumer


@shared_task(soft_time_limit=80)
def envoyer_messages_hub() -> int:
    """Après chaque annonce, puis chaque minute : ce qui reste à remettre, dans l’ordre où c’est né.

    Le prochain essai est écrit en base et non confié au courtier, qui peut tomber.
    """
    return envoyer_dus(maintenant=timezone.now()) if settings.HUB_URL else 0


@shared_task(soft_time_limit=540)
def envoyer_resumes() -> int:
    """Chaque soir, puis une heure après si le premier passage a manqué : rien ne part deux fois."""
    return resumer(maintenant=timezone.now())


@shared_task(soft_time_limit=50)
def verser_compteurs() -> int:
    """Chaque minute : les recherches comptées dans Redis passent dans la table."""
    return verser(maintenant=timezone.now())
