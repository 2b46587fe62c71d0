"""Charge départements, communes, professions et spécialités depuis `annuaire/donnees`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from annuaire.actions.referentiels import charger_referentiels


class Command(BaseCommand):
    help = "Charge les tables de référence (départements, communes, professions, spécialités). Rejouable."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--ecrire", action="store_true", help="écrit ; sinon, simule")

    def handle(self, *args: Any, ecrire: bool, **options: Any) -> None:
        bilans = charger_referentiels(ecrire=ecrire, signaler=lambda ligne: self.stderr.write(f"  {ligne}"))
        resume = " ; ".join(
            f"{nom} {b.creees} créées, {b.modifiees} modifiées, {b.inchangees} inchangées"
            for nom, b in bilans.items()
        )
        self.stdout.write(f"{'Écrit' if ecrire else 'Simulation'} : {resume}")
