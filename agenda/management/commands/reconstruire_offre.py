"""Reconstruit la projection de la recherche à partir de ses sources."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone

from agenda.offre import LOT, lieux_vivants, rafraichir
from annuaire.models import LieuExercice
from sas_platform.socle.iterables import par_lots


class Command(BaseCommand):
    help = "Recalcule les offres ; simulation par défaut : dit combien de cartes s’écartent de leurs sources."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--ecrire", action="store_true", help="écrit les cartes qui ont changé")
        parser.add_argument("--vivants", action="store_true", help="seulement les lieux qui ont des créneaux")

    def handle(self, *, ecrire: bool, vivants: bool, **options: Any) -> None:
        # Par commune : les lignes voisines sur la carte le sont aussi sur le disque.
        tous = LieuExercice.objects.order_by("commune", "pk").values_list("pk", flat=True)
        lieux = lieux_vivants() if vivants else tous.iterator(chunk_size=50_000)
        maintenant = timezone.now()
        lus = changees = 0
        for lot in par_lots(lieux, LOT):
            with transaction.atomic():
                changees += rafraichir(lot, maintenant)
                transaction.set_rollback(not ecrire)
            lus += len(lot)
            if lus % (20 * LOT) == 0:
                self.stderr.write(f"  {lus:>9} lieux")
        resume = f"{lus} lieux, {changees} cartes changées"
        self.stdout.write(self.style.SUCCESS(f"{'Écrit' if ecrire else 'Simulation'} : {resume}"))
