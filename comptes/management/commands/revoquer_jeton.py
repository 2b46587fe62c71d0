"""Révoque un jeton de l’API."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from comptes.actions import tracer
from comptes.models import Jeton


class Command(BaseCommand):
    help = "Révoque un jeton de l’API, aussitôt et pour toujours."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("jeton", type=int, metavar="ID", help="numéro du jeton")

    def handle(self, *, jeton: int, **options: Any) -> None:
        with transaction.atomic():
            changes = Jeton.objects.filter(pk=jeton, revoque_le=None).update(revoque_le=timezone.now())
            if changes:
                tracer(acteur=None, verbe="jeton.revoque", objet=f"jeton:{jeton}")
        if not changes and not Jeton.objects.filter(pk=jeton).exists():
            raise CommandError(f"Aucun jeton {jeton}.")
        self.stdout.write(f"Jeton {jeton} {'révoqué' if changes else 'déjà révoqué'}.")
