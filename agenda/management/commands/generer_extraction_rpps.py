"""Écrit une extraction RPPS fictive, au vrai format, pour essayer et mesurer l’import."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from agenda.generation.extraction import ANCIENNES, COLONNES, entete, lignes
from agenda.generation.territoires import CommunesAbsentesError, lire_territoires


class Command(BaseCommand):
    help = "Écrit une extraction RPPS fictive (identifiants 8999…), la même pour une même graine."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("fichier", type=Path)
        parser.add_argument("--lignes", type=int, default=10_000)
        parser.add_argument("--graine", type=int, default=1)
        parser.add_argument("--colonnes", type=int, choices=(ANCIENNES, len(COLONNES)), default=len(COLONNES))

    def handle(self, *args: Any, fichier: Path, graine: int, colonnes: int, **options: Any) -> None:
        try:
            territoire = lire_territoires()[""]
        except CommunesAbsentesError as erreur:
            raise CommandError(str(erreur)) from erreur
        nombre = options["lignes"]
        with fichier.open("w", encoding="utf-8", newline="") as flux:
            flux.write(entete(colonnes) + "\n")
            for ligne in lignes(nombre=nombre, graine=graine, territoire=territoire, colonnes=colonnes):
                flux.write(ligne + "\n")
        self.stdout.write(f"Écrit : {nombre} lignes de {colonnes} colonnes dans {fichier.name}")
