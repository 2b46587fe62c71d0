"""Ce qui tient les offres à jour, plus tard et sans personne."""

from celery import shared_task
from django.utils import timezone

from agenda import offre
from sas_platform.socle.iterables import par_lots


@shared_task
def balayer_offre() -> int:
    """Chaque minute : avance le premier créneau des offres dont le premier est passé."""
    return offre.balayer(timezone.now())


@shared_task
def rafraichir_perimees() -> int:
    """Toutes les dix secondes : recalcule les lieux que l’annuaire ou la participation a changés."""
    return offre.rafraichir_perimees(timezone.now())


@shared_task(time_limit=900, soft_time_limit=840)
def reconstruire_offre_periodique() -> int:
    """Chaque heure : fait entrer le jour nouveau dans la fenêtre, et répare un éventuel écart."""
    maintenant = timezone.now()
    return sum(offre.rafraichir(lot, maintenant) for lot in par_lots(offre.lieux_vivants(), offre.LOT))
