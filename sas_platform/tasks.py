"""Ce qui concerne toutes les applications à la fois, et se fait la nuit."""

from __future__ import annotations

from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from sas_platform.conservation import REGLES, executer

# Un passage finit bien avant que le courtier ne redonne la tâche (120 s) ; ce qui reste part dans une autre.
LOTS_PAR_PASSAGE = 20


@shared_task
def purger() -> int:
    """Chaque nuit : une tâche par règle de conservation."""
    for nom in REGLES:
        purger_regle.delay(nom=nom)
    return len(REGLES)


@shared_task
def purger_regle(*, nom: str) -> int:
    """Applique une règle, par passages courts ; rejouable."""
    archives = Path(settings.TRACE_ARCHIVES) if settings.TRACE_ARCHIVES else None
    traitees, fini = executer(
        REGLES[nom], maintenant=timezone.now(), archives=archives, lots_max=LOTS_PAR_PASSAGE
    )
    if not fini:
        purger_regle.delay(nom=nom)
    return traitees
