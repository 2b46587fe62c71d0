"""Retirer des créneaux d’éditeurs sans que l’éditeur ait répondu : affichage refusé, agenda trop vieux."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from agenda.editeurs.prises import oublier_les_periodes_passees
from agenda.models import AgendaEditeur
from agenda.offre import rafraichir
from participation.models import Participation


@transaction.atomic
def retirer_affichages_refuses(maintenant: datetime) -> int:
    """Retire les créneaux d’éditeurs de tous ceux qui en refusent l’affichage ; rend le nombre d’agendas."""
    refus = Participation.objects.filter(effecteur=OuterRef("raccordement__effecteur"), refuse_affichage=True)
    retires = list(AgendaEditeur.objects.filter(Exists(refus)).values_list("pk", "lieu_id"))
    if retires:
        AgendaEditeur.objects.filter(pk__in=[pk for pk, _ in retires]).delete()
        rafraichir({lieu_id for _, lieu_id in retires}, maintenant)
    return len(retires)


def retirer_agendas_perimes(maintenant: datetime) -> int:
    """Retire les créneaux qu’aucune réponse n’a confirmés depuis `peremption_s` ; rend le nombre de lieux marqués.

    Un lot que l’on est en train d’enregistrer est laissé : sa réponse le rajeunit.
    Une réponse suivante, même inchangée, rend les créneaux, puisqu’elle ne les trouve plus.
    """
    oublier_les_periodes_passees(maintenant)
    with connection.cursor() as curseur:
        curseur.execute(_RETIRER_PERIMES, [maintenant])
        return int(curseur.rowcount)


_RETIRER_PERIMES = """
    WITH perimes AS (
        SELECT l.id FROM agenda_lot l JOIN agenda_editeur e ON e.id = l.editeur_id
        WHERE l.lu_le < %s - make_interval(secs => e.peremption_s) AND EXISTS (
            SELECT FROM agenda_raccordement r JOIN agenda_agendaediteur a ON a.raccordement_id = r.id
            WHERE r.lot_id = l.id)
        ORDER BY l.id FOR UPDATE OF l SKIP LOCKED
    ), retires AS (
        DELETE FROM agenda_agendaediteur a USING agenda_raccordement r, perimes p
        WHERE r.id = a.raccordement_id AND p.id = r.lot_id RETURNING a.lieu_id
    )
    INSERT INTO agenda_offreperimee (lieu_id) SELECT DISTINCT lieu_id FROM retires ORDER BY lieu_id
    ON CONFLICT DO NOTHING
"""
