"""Fait suivre agenda, participation et compte à qui a changé d’identifiant national ; simulation par défaut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from annuaire.models import Effecteur
from remuneration.calcul.identifiants import rapprocher
from remuneration.identites import Reunion, ReunionRefusee, reunir
from remuneration.models import Succession


class Command(BaseCommand):
    help = (
        "Réunit un professionnel et son ancien identifiant (ADELI, puis RPPS). Sans identifiant : tous ceux dont le "
        "rapprochement ne fait pas de doute. Simulation par défaut, rejouable."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ancien", nargs="?", help="0 suivi de l’ADELI")
        parser.add_argument("nouveau", nargs="?", help="8 suivi du RPPS")
        parser.add_argument("--ecrire", action="store_true", help="enregistre")

    def handle(self, *, ancien: str | None, nouveau: str | None, ecrire: bool, **options: Any) -> None:
        if (ancien is None) != (nouveau is None):
            raise CommandError("Donnez l’ancien identifiant et le nouveau, ou aucun des deux.")
        nombre = 0
        try:
            with transaction.atomic():
                for reunion in self._reunions(ancien, nouveau):
                    nombre += bool(reunion.suivis)
                    self._dire(reunion)
                transaction.set_rollback(not ecrire)
        except (Effecteur.DoesNotExist, ReunionRefusee) as refus:
            raise CommandError(str(refus)) from None
        resume = f"{nombre} professionnel(s) réuni(s) à leur ancien identifiant"
        self.stdout.write(self.style.SUCCESS(f"{'Écrit' if ecrire else 'Simulation'}\u00a0: {resume}"))

    def _reunions(self, ancien: str | None, nouveau: str | None) -> Iterator[Reunion]:
        maintenant = timezone.now()
        if ancien is not None:
            yield reunir(_effecteur(ancien), _effecteur(str(nouveau)), maintenant=maintenant)
            return
        rapprocher(maintenant)
        for succession in Succession.objects.select_related("ancien", "nouveau").order_by("pk"):
            try:
                yield reunir(succession.ancien, succession.nouveau, maintenant=maintenant)
            except ReunionRefusee as refus:
                self.stderr.write(f"{succession}\u00a0: {refus}")

    def _dire(self, reunion: Reunion) -> None:
        if not (reunion.suivis or reunion.laisses):
            return
        identifiants = f"{reunion.ancien.identifiant_national} → {reunion.nouveau.identifiant_national}"
        self.stdout.write(f"{reunion.nouveau}, {identifiants}")
        for suivi in reunion.suivis:
            self.stdout.write(f"  suit\u00a0: {suivi}")
        for laisse in reunion.laisses:
            self.stdout.write(f"  reste\u00a0: {laisse}")


def _effecteur(identifiant: str) -> Effecteur:
    try:
        return Effecteur.objects.get(identifiant_national=identifiant)
    except Effecteur.DoesNotExist:
        raise Effecteur.DoesNotExist(f"L’annuaire ne connaît pas {identifiant}.") from None
