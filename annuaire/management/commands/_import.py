"""Ce que partagent les commandes d’import : options, messages, code de sortie."""

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annuaire.actions.imports import BilanImport, ImportEnCoursError, ImportRetenuError
from annuaire.connecteurs.fichiers import FichierInattenduError

SORTIE_RETENU = 3


class CommandeImport(BaseCommand):
    importer: Callable[..., BilanImport]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("fichier", type=Path, help="extraction, telle quelle ou dans son archive .zip")
        parser.add_argument("--ecrire", action="store_true", help="écrit ; sinon, simule")
        parser.add_argument(
            "--confirmer", action="store_true", help="accepte plus de 5 %% d’identités changées"
        )
        parser.add_argument("--rejets", type=Path, help="fichier CSV où noter les lignes écartées")
        parser.add_argument("--lot", type=int, default=100_000, help="lignes entre deux messages")

    def handle(
        self,
        *args: Any,
        fichier: Path,
        ecrire: bool,
        confirmer: bool,
        rejets: Path | None,
        lot: int,
        **options: Any,
    ) -> None:
        try:
            bilan = type(self).importer(
                fichier,
                ecrire=ecrire,
                confirmer=confirmer,
                rejets=rejets,
                lot=max(1, lot),
                signaler=lambda ligne: self.stderr.write(f"  {ligne}"),
            )
        except ImportRetenuError as erreur:
            raise CommandError(str(erreur), returncode=SORTIE_RETENU) from erreur
        except (FichierInattenduError, ImportEnCoursError) as erreur:
            raise CommandError(str(erreur)) from erreur
        for ligne in bilan.details():
            self.stderr.write(f"  {ligne}")
        self.stdout.write(f"{'Écrit' if ecrire else 'Simulation'} : {bilan.resume()}")
