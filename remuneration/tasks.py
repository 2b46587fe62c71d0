"""Tâches de la rémunération et du pilotage."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from remuneration.calcul import CalculClos, CalculEnCours, avancer
from remuneration.domaine.mois import Mois
from remuneration.enums import Etape
from remuneration.pilotage.agregation import mesurer, mois_a_mesurer, relever_les_creneaux_recus


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


@shared_task(soft_time_limit=580, time_limit=600)
def calculer_une_periode(*, calcul_id: int) -> str:
    """Une étape du calcul, puis la suivante par une autre tâche ; rejouable. Rend l’étape atteinte, vide s’il n’y a rien à faire."""
    try:
        calcul = avancer(calcul_id, timezone.now())
    except (CalculClos, CalculEnCours):
        return ""
    if calcul.etape != Etape.FAIT:
        calculer_une_periode.delay(calcul_id=calcul_id)
    return calcul.etape
