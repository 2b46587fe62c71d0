"""Vérifie que la trace est entière."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from comptes.lectures import Releve, Rupture, ecart_au_releve, relire_la_trace
from comptes.retention import VERROU, fautes_des_archives
from sas_platform.socle.verrous import prendre_verrou

MONTREES = 20


class Command(BaseCommand):
    help = "Recalcule la chaîne d’empreintes de la trace ; échoue en disant où elle se rompt."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--releve",
            type=Path,
            metavar="FICHIER",
            help="relevé gardé hors de la base : comparé, puis complété d’une ligne (une fin tronquée s’y voit)",
        )
        parser.add_argument(
            "--archives", type=Path, metavar="DOSSIER", help="vérifie aussi les archives des lignes purgées"
        )

    def handle(self, *, releve: Path | None, archives: Path | None, **options: Any) -> None:
        ancien = _dernier(releve) if releve else None
        with transaction.atomic():
            if not prendre_verrou(VERROU):
                raise CommandError("Une purge de la trace est en cours : recommencez après elle.")
            present, ruptures = relire_la_trace(avancer=self._avancer)
            fautes = fautes_des_archives(archives) if archives else []
            if ancien and (ecart := ecart_au_releve(ancien, present)):
                fautes.append(ecart)
        self._montrer(ruptures, fautes)
        if ruptures or fautes:
            raise CommandError(
                f"Trace rompue : {len(ruptures)} ligne(s) et {len(fautes)} autre(s) faute(s) sur {present.total}, "
                f"{MONTREES} montrées au plus."
            )
        if releve:
            with releve.open("a", encoding="utf-8") as flux:
                flux.write(json.dumps({"le": timezone.now().isoformat()} | asdict(present)) + "\n")
        self.stdout.write(f"Trace entière : {present.total} ligne(s).")

    def _avancer(self, lues: int) -> None:
        self.stderr.write(f"  {lues:>9} ligne(s) relue(s)")

    def _montrer(self, ruptures: list[Rupture], fautes: list[str]) -> None:
        for rupture in ruptures[:MONTREES]:
            self.stderr.write(f"  ligne {rupture.id} du {rupture.le:%d/%m/%Y %H:%M:%S} UTC : {rupture.motif}")
        for faute in fautes[:MONTREES]:
            self.stderr.write(f"  {faute}")


def _dernier(fichier: Path) -> Releve | None:
    """Dernière ligne du relevé ; un fichier absent commence un relevé."""
    if not fichier.parent.is_dir():
        raise CommandError(f"Dossier introuvable : {fichier.parent}")
    lignes = fichier.read_text(encoding="utf-8").splitlines() if fichier.exists() else []
    if not lignes:
        return None
    try:
        lu = json.loads(lignes[-1])
        return Releve(int(lu["total"]), int(lu["derniere_id"]), str(lu["empreinte"]))
    except (ValueError, KeyError, TypeError):
        raise CommandError(f"Relevé illisible : {fichier}") from None
