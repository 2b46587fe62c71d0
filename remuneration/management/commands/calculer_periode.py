"""Calcule ce qui est dû pour une période ; simulation par défaut."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone

from remuneration.calcul import (
    BaremeRefuse,
    CalculClos,
    CalculEnCours,
    CalculIncoherent,
    calculer,
    ouvrir,
)
from remuneration.models import Calcul, Decompte


class Command(BaseCommand):
    help = (
        "Calcule les actes et les décomptes d’un trimestre (2026T3) ou d’une année (2026). Simulation par défaut. "
        "Rejouable : un calcul interrompu reprend, un calcul fait se refait, un calcul clos est refusé."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("periode", help="2026T3 ou 2026")
        parser.add_argument("--ecrire", action="store_true", help="enregistre le calcul")

    def handle(self, *, periode: str, ecrire: bool, **options: Any) -> None:
        try:
            resume = self._calculer(periode) if ecrire else self._simuler(periode)
        except (ValueError, BaremeRefuse, CalculClos, CalculEnCours, CalculIncoherent) as erreur:
            raise CommandError(str(erreur)) from None
        self.stdout.write(self.style.SUCCESS(f"{'Écrit' if ecrire else 'Simulation'} : {resume}"))

    def _simuler(self, periode: str) -> str:
        with transaction.atomic():
            resume = self._calculer(periode)
            transaction.set_rollback(True)
        return resume

    def _calculer(self, periode: str) -> str:
        calcul = calculer(ouvrir(periode), timezone.now(), signaler=self._signaler)
        return _resume(calcul)

    def _signaler(self, texte: str) -> None:
        self.stderr.write(f"  {texte}")


def _resume(calcul: Calcul) -> str:
    actes = calcul.actes.aggregate(tous=Count("pk"), comptes=Count("pk", filter=Q(motif="compte")))
    decomptes = Decompte.objects.filter(calcul=calcul).aggregate(
        tous=Count("pk"), dus=Count("pk", filter=Q(est_du=True)), euros=Sum("montant", default=0)
    )
    return (
        f"{calcul}, {actes['tous']} actes dont {actes['comptes']} comptés, {decomptes['tous']} décomptes "
        f"dont {decomptes['dus']} dus, {decomptes['euros']} €"
    )
