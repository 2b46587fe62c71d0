"""Efface, anonymise ou pseudonymise ce qui a fait son temps."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from sas_platform.conservation import REGLES, Geste, Regle, executer


class Command(BaseCommand):
    help = "Applique les durées de conservation. Simulation par défaut ; --ecrire pour effacer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--ecrire", action="store_true", help="efface pour de bon")
        parser.add_argument(
            "--seulement", action="append", metavar="NOM", choices=list(REGLES), help="une règle ; répétable"
        )
        parser.add_argument(
            "--archive",
            type=Path,
            metavar="DOSSIER",
            default=settings.TRACE_ARCHIVES or None,
            help="où écrire les lignes purgées de la trace (par défaut TRACE_ARCHIVES)",
        )

    def handle(
        self, *, ecrire: bool, seulement: list[str] | None, archive: str | Path | None, **options: Any
    ) -> None:
        dossier = Path(archive) if archive else None
        if dossier and not dossier.is_dir():
            raise CommandError(f"Dossier introuvable : {dossier}")
        maintenant = timezone.now()
        bilan: Counter[Geste] = Counter()
        manquees = []
        for nom in seulement or REGLES:
            regle = REGLES[nom]
            try:
                nombre = (
                    self._appliquer(regle, maintenant, dossier)
                    if ecrire
                    else self._compter(regle, maintenant)
                )
            # Une règle en panne n’arrête pas les suivantes ; la commande le dit et échoue à la fin.
            except Exception as erreur:
                manquees.append(nom)
                self.stderr.write(f"  {nom} : {type(erreur).__name__} : {erreur}")
            else:
                bilan[regle.geste] += nombre
                self._rapporter(regle, maintenant, nombre)
        resume = ", ".join(f"{bilan[geste]} {geste}(s)" for geste in Geste)
        if manquees:
            raise CommandError(f"Purge incomplète, règle(s) en échec : {', '.join(manquees)} ; {resume}")
        mention = "Écrit" if ecrire else "Simulation"
        self.stdout.write(self.style.SUCCESS(f"{mention} : {resume}"))

    def _compter(self, regle: Regle, maintenant: datetime) -> int:
        return regle.echues(regle.limite(maintenant)).count()

    def _appliquer(self, regle: Regle, maintenant: datetime, dossier: Path | None) -> int:
        def avancer(faites: int) -> None:
            self.stderr.write(f"  {regle.nom} : {faites} ligne(s)")

        return executer(regle, maintenant=maintenant, archives=dossier, avancer=avancer)[0]

    def _rapporter(self, regle: Regle, maintenant: datetime, nombre: int) -> None:
        limite = timezone.localtime(regle.limite(maintenant))
        self.stdout.write(
            f"{regle.nom:<24} {nombre:>9}  {regle.geste:<17} avant le {limite:%d/%m/%Y} ({regle.duree})  "
            f"{regle.objet} — {regle.reference}"
        )
