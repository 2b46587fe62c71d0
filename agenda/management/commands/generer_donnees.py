"""Verse des données fictives : annuaire, réglages et agendas."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from agenda.generation.chargement import DonneesFictivesEnPlaceError, charger
from agenda.generation.echelles import ECHELLES
from agenda.generation.territoires import CommunesAbsentesError


class Command(BaseCommand):
    help = "Génère des données fictives, les mêmes pour une même graine. Simulation par défaut."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--graine", type=int, default=1, help="même graine, mêmes données (1 par défaut)")
        parser.add_argument("--echelle", choices=sorted(ECHELLES), default="locale")
        parser.add_argument("--jour", type=date.fromisoformat, help="premier jour des agendas (aujourd’hui)")
        parser.add_argument("--ecrire", action="store_true", help="écrit ; sinon, compte seulement")

    def handle(
        self, *args: Any, graine: int, echelle: str, jour: date | None, ecrire: bool, **options: Any
    ) -> None:
        try:
            bilan = charger(
                graine=graine,
                echelle=ECHELLES[echelle],
                jour=jour or timezone.localdate(),
                maintenant=timezone.now(),
                ecrire=ecrire,
                signaler=lambda ligne: self.stderr.write(f"  {ligne}"),
            )
        except (CommunesAbsentesError, DonneesFictivesEnPlaceError) as erreur:
            raise CommandError(str(erreur)) from erreur
        if ecrire and not bilan:
            self.stdout.write("Déjà en place : rien n’est écrit")
            return
        resume = ", ".join(f"{nombre} {nom}" for nom, nombre in bilan.items())
        self.stdout.write(f"{'Écrit' if ecrire else 'Simulation'} : {resume}")
        if ecrire:
            self.stderr.write("  Lancez « reconstruire_offre --ecrire » pour que la recherche les voie.")
