"""Ce qui tient les offres à jour, plus tard et sans personne."""

from celery import shared_task
from django.utils import timezone

from agenda import offre
from agenda.editeurs import ordonnanceur, stockage
from agenda.editeurs.stockage import Bilan
from agenda.models import Editeur
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


@shared_task(time_limit=30, soft_time_limit=25)
def interroger_lots_dus() -> int:
    """Toutes les quinze secondes : enfile les lots dus, dans le budget de chaque éditeur."""
    maintenant = timezone.now()
    stockage.retirer_affichages_refuses(maintenant)
    lots = ordonnanceur.prendre_lots_dus(maintenant)
    for lot_id in lots:
        interroger_lot.apply_async(kwargs={"lot_id": lot_id}, expires=120)
    return len(lots)


@shared_task(acks_late=True, time_limit=60, soft_time_limit=45)
def interroger_lot(*, lot_id: int) -> int:
    """Interroge un lot et enregistre sa réponse ; rend le nombre d’agendas changés.

    Rejouable : un lot déjà en cours est laissé à qui l’interroge, et une réponse
    inchangée n’écrit rien. Un échec de l’éditeur n’est pas retenté ici : le lot
    revient à la période suivante.
    """
    editeur = Editeur.objects.filter(lots=lot_id, est_actif=True).first()
    if editeur is None:
        return 0
    with ordonnanceur.ouvrir_interrogateur() as interrogateur:
        bilan: Bilan = interrogateur.interroger(editeur, [lot_id], timezone.now())
    return bilan.agendas_changes
