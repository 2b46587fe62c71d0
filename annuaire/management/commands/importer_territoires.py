"""Territoires d’un fichier CSV à deux colonnes : `territoire;code`, une ligne par département ou commune."""

import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from annuaire.models import Commune, Departement, Territoire


class Command(BaseCommand):
    help = "Crée les territoires absents et remplace les contours des autres. Simulation sans --ecrire."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("fichier", type=Path)
        parser.add_argument("--ecrire", action="store_true")

    def handle(self, *args: Any, fichier: Path, ecrire: bool, **options: Any) -> None:
        contours = self._lire(fichier)
        departements = Departement.objects.in_bulk()
        communes = Commune.objects.in_bulk({code for codes in contours.values() for code in codes})
        inconnus = {
            code
            for codes in contours.values()
            for code in codes
            if code not in departements and code not in communes
        }
        if inconnus:
            raise CommandError(f"Codes inconnus, rien n’est écrit : {', '.join(sorted(inconnus)[:20])}")
        crees = 0
        with transaction.atomic():
            for nom, codes in contours.items():
                territoire, est_nouveau = Territoire.objects.get_or_create(nom=nom)
                crees += est_nouveau
                territoire.departements.set([departements[c] for c in codes if c in departements])
                territoire.communes.set([communes[c] for c in codes if c in communes])
            if not ecrire:
                transaction.set_rollback(True)
        mode = "" if ecrire else "Simulation : "
        self.stdout.write(f"{mode}{len(contours)} territoires, dont {crees} nouveaux.")

    @staticmethod
    def _lire(fichier: Path) -> dict[str, set[str]]:
        contours: dict[str, set[str]] = defaultdict(set)
        try:
            with fichier.open(encoding="utf-8-sig", newline="") as lignes:
                lecteur = csv.DictReader(lignes, delimiter=";")
                if not {"territoire", "code"} <= set(lecteur.fieldnames or ()):
                    raise CommandError("Colonnes attendues : territoire;code")
                for rang, ligne in enumerate(lecteur, start=2):
                    nom, code = (ligne["territoire"] or "").strip(), (ligne["code"] or "").strip().upper()
                    if not nom or not code or len(nom) > 100:
                        raise CommandError(f"Ligne {rang} : territoire ou code absent, ou trop long.")
                    contours[nom].add(code)
        except (OSError, UnicodeDecodeError) as erreur:
            raise CommandError(f"Fichier illisible : {erreur}") from erreur
        return contours
