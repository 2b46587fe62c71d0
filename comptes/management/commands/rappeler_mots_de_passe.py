"""`manage.py rappeler_mots_de_passe` : prévient les comptes dont le mot de passe va expirer."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from comptes.mots_de_passe import a_rappeler, rappeler


class Command(BaseCommand):
    help = "Écrit une fois à qui n’a pas changé de mot de passe depuis trois mois au moins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--ecrire", action="store_true", help="envoie et écrit ; sans quoi, simulation")

    def handle(self, *args: Any, ecrire: bool, **options: Any) -> None:
        maintenant = timezone.now()
        nombre = 0
        for numero in list(a_rappeler(maintenant).values_list("pk", flat=True)):
            with transaction.atomic():
                nombre += rappeler(numero, maintenant=maintenant)
                transaction.set_rollback(not ecrire)
        self.stdout.write(f"{'Écrit' if ecrire else 'Simulation'} : {nombre} rappel(s) de mot de passe")
