"""Vérifie un fichier remis à une caisse d’après son manifeste : sans base, sur n’importe quelle machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from remuneration.caisse.manifeste import FichierFaux, controler
from remuneration.caisse.signature import CleIllisible, cle_privee, empreinte_de_cle, lire_cle_publique


class Command(BaseCommand):
    help = "Vérifie la signature d’un manifeste, et que le fichier est celui qu’il décrit."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("fichier", type=Path)
        parser.add_argument("manifeste", type=Path)
        parser.add_argument(
            "--cle-publique",
            type=Path,
            help="PEM de la clé qui a signé ; à défaut, celle de cette installation.",
        )

    def handle(self, *, fichier: Path, manifeste: Path, cle_publique: Path | None, **options: Any) -> None:
        try:
            if cle_publique is not None:
                cle = lire_cle_publique(cle_publique.read_bytes())
            else:
                cle = cle_privee().public_key()
            lu = controler(fichier.read_bytes(), manifeste.read_bytes(), cle)
        except OSError as erreur:
            raise CommandError(f"Illisible : {erreur.filename}") from None
        except (CleIllisible, FichierFaux) as faux:
            raise CommandError(str(faux)) from None
        if fichier.name != lu["fichier"]:
            self.stderr.write(f"Le fichier s’appelait {lu['fichier']} quand il a été produit.")
        rectifie = f", rectifie la version {lu['rectifie']}" if lu["rectifie"] else ""
        self.stdout.write(
            self.style.SUCCESS(
                f"Conforme : {lu['nature']}, département {lu['departement']}, {lu['periode']['code']} "
                f"version {lu['calcul']['version']}{rectifie}, {lu['lignes']} ligne(s), signé par la clé "
                f"{empreinte_de_cle(cle)}."
            )
        )
