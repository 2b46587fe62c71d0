"""Vérifie que la trace est entière."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from comptes.lectures import ruptures_de_la_trace


class Command(BaseCommand):
    help = "Recalcule la chaîne d’empreintes de la trace ; échoue en disant où elle se rompt."

    def handle(self, **options: Any) -> None:
        total, ruptures = ruptures_de_la_trace(limite=20)
        for rupture in ruptures:
            self.stderr.write(f"  ligne {rupture.id} du {rupture.le:%d/%m/%Y %H:%M:%S} UTC : {rupture.motif}")
        if ruptures:
            raise CommandError(
                f"Trace rompue : {len(ruptures)} ligne(s) en cause sur {total}, 20 montrées au plus."
            )
        self.stdout.write(f"Trace entière : {total} ligne(s).")
