"""Les comptes et les mesures en cours, refaits chaque nuit ; une étape par tâche, pour que chacune tienne dans sa limite."""

from __future__ import annotations

from celery import shared_task
from celery.utils.log import get_task_logger
from django.utils import timezone

from remuneration.calcul import BaremeRefuse, CalculClos, CalculEnCours, avancer, ouvrir
from remuneration.domaine.mois import Mois
from remuneration.domaine.periodes import annee_de, trimestre_de
from remuneration.enums import Etape
from remuneration.models import Calcul
from remuneration.pilotage.agregation import mesurer, mois_a_mesurer, relever_les_creneaux_recus

journal = get_task_logger(__name__)


@shared_task
def calculer_periodes_ouvertes() -> int:
    """Chaque nuit : le trimestre et l’année en cours, et ce qui n’est pas encore clos ; rend leur nombre."""
    jour = timezone.localdate()
    for code in (trimestre_de(jour), annee_de(jour)):
        try:
            ouvrir(code)
        except CalculClos:
            continue
    ouverts = Calcul.objects.exclude(etape=Etape.CLOS).order_by("periode__debut", "pk")
    numeros = list(ouverts.values_list("pk", flat=True))
    for numero in numeros:
        calculer_etape.delay(calcul_id=numero)
    return len(numeros)


@shared_task
def calculer_etape(*, calcul_id: int) -> bool:
    """Fait une étape, puis laisse la suivante à une autre tâche ; vrai une fois le calcul achevé.

    Rejouable : l’étape déjà faite ne se refait pas, et un second passage est refusé par le verrou du premier.
    """
    try:
        calcul = avancer(calcul_id, timezone.now())
    except (CalculEnCours, CalculClos):
        return False
    except BaremeRefuse as refus:
        journal.warning("%s", refus)
        return False
    if calcul.etape != Etape.FAIT:
        calculer_etape.delay(calcul_id=calcul_id)
        return False
    return True


@shared_task(soft_time_limit=80)
def mesurer_les_mois() -> int:
    """Chaque nuit : qui a des créneaux d’éditeur, puis une tâche par mois ouvert."""
    maintenant = timezone.now()
    relever_les_creneaux_recus(maintenant=maintenant)
    mois = mois_a_mesurer(maintenant=maintenant)
    for un_mois in mois:
        mesurer_un_mois.delay(mois=str(un_mois))
    return len(mois)


@shared_task(soft_time_limit=80)
def mesurer_un_mois(*, mois: str) -> bool:
    """Refait les mesures d’un mois ouvert, et le clôt s’il est échu ; rejouable."""
    return mesurer(Mois.lire(mois), maintenant=timezone.now())
