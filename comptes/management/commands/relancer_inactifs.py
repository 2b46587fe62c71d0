"""`manage.py relancer_inactifs` : avertit les comptes sans connexion, puis retire leurs rôles (U-41)."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from comptes.inactivite import Pas, avancer, inactifs, sans_adresse


class Command(BaseCommand):
    help = "Avertit les comptes inactifs et retire les rôles de ceux qui ont eu leurs deux avertissements."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--ecrire", action="store_true", help="envoie et écrit ; sans quoi, simulation")

    def handle(self, *args: Any, ecrire: bool, **options: Any) -> None:
        maintenant = timezone.now()
        bilan: Counter[Pas] = Counter()
        for numero in list(inactifs(maintenant).values_list("pk", flat=True)):
            # Une transaction par compte : la trace n’est verrouillée que le temps d’un pas.
            with transaction.atomic():
                pas = avancer(numero, maintenant=maintenant)
                transaction.set_rollback(not ecrire)
            if pas:
                bilan[pas] += 1
        resume = ", ".join(f"{pas} : {bilan[pas]}" for pas in Pas)
        reste = sans_adresse(maintenant)
        self.stdout.write(
            f"{'Écrit' if ecrire else 'Simulation'} : {resume} ; inactifs sans adresse, laissés : {reste}"
        )
