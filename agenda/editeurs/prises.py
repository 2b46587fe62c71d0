"""Créneaux cachés par un rendez-vous pris chez un éditeur, jusqu’à la lecture suivante (fhir.md § 13.3).

La projection cache ce que `PeriodePrise` recouvre (`agenda.offre.calcul`) ; ici, ce qu’une lecture
rend, et ce que le temps efface.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from agenda.models import PeriodePrise

_A_DEVOILER = """
    SELECT DISTINCT p.lieu_id FROM agenda_periodeprise p
    JOIN agenda_agendaediteur a ON a.lieu_id = p.lieu_id
    JOIN agenda_raccordement r ON r.id = a.raccordement_id
    JOIN unnest(%s::bigint[], %s::timestamptz[]) AS lue (lot_id, demandee_le) ON lue.lot_id = r.lot_id
    WHERE p.prise_le < lue.demandee_le
"""


def lieux_a_devoiler(lues: Mapping[int, datetime]) -> set[int]:
    """Lieux dont une période prise est antérieure à la demande de ces lots, enfin lus (lot → demande)."""
    if not lues:
        return set()
    with connection.cursor() as curseur:
        curseur.execute(_A_DEVOILER, [list(lues), list(lues.values())])
        return {lieu_id for (lieu_id,) in curseur.fetchall()}


def oublier_les_periodes_passees(maintenant: datetime) -> int:
    """Ce qui est fini ne cache plus rien : un créneau commencé n’est plus proposé."""
    return PeriodePrise.objects.filter(fin__lte=maintenant).delete()[0]
