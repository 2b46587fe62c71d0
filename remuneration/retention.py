"""Ce qui s’efface de la rémunération quand le temps de la conservation est passé : le détail, jamais les sommes."""

from __future__ import annotations

from datetime import datetime

import pgtrigger
from django.db import connection, transaction
from django.db.models import QuerySet

from remuneration.enums import Etape
from remuneration.models import Acte, Calcul

# `pgtrigger.ignore` ajoute une instruction à la requête, ce que les paramètres liés par le serveur ne permettent pas.
_LEVER = "SELECT set_config('pgtrigger.ignore', %s, true)"


def actes_echus(avant: datetime) -> QuerySet[Acte]:
    """Actes des calculs clos avant cet instant, et dont toutes les versions de la période le sont.

    Leurs décomptes restent, avec le compte par motif et les preuves : les sommes closes se lisent encore. Tant
    qu’un rectificatif est ouvert, le détail reste, pour que l’on compare.
    """
    clos = Acte.objects.filter(calcul__etape=Etape.CLOS, calcul__clos_le__lt=avant)
    return clos.exclude(calcul__periode__in=Calcul.objects.exclude(etape=Etape.CLOS).values("periode"))


def effacer_les_actes(actes: QuerySet[Acte]) -> int:
    """La garde des lignes closes se lève ici, le temps d’une instruction, et pour elle seule."""
    with transaction.atomic(), connection.cursor() as curseur:
        curseur.execute(_LEVER, [f"{{{_garde()}}}"])
        effaces, _ = actes.delete()
        curseur.execute(_LEVER, ["{}"])
    return effaces


def _garde() -> str:
    ((modele, declencheur),) = pgtrigger.registered("remuneration.Acte:acte_clos_retrait")
    return str(declencheur.get_pgid(modele))
