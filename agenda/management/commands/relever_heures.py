"""Rattrape les relevés hebdomadaires qui manquent."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from agenda.eligibilite.releves import RATTRAPAGE, relever

SEMAINES_MAX = 52  # au-delà, la purge a déjà effacé les disponibilités d’alors


class Command(BaseCommand):
    help = "Relève les heures montrées pendant les semaines finies ; simulation par défaut."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--ecrire", action="store_true", help="garde les relevés")
        parser.add_argument("--semaines", type=int, default=RATTRAPAGE, help="semaines à rattraper, au plus")

    def handle(self, *, ecrire: bool, semaines: int, **options: Any) -> None:
        if not 1 <= semaines <= SEMAINES_MAX:
            raise CommandError(f"--semaines va de 1 à {SEMAINES_MAX}")
        with transaction.atomic():
            ajoutes = relever(timezone.now(), semaines=semaines)
            transaction.set_rollback(not ecrire)
        resume = f"{ajoutes} relevés ajoutés sur {semaines} semaines"
        self.stdout.write(self.style.SUCCESS(f"{'Écrit' if ecrire else 'Simulation'} : {resume}"))
