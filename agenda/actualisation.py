"""Redemander aux éditeurs ce qu’un écran montre, quand c’est trop vieux."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import redis
import structlog
from django.conf import settings
from django.db import connection
from kombu.exceptions import OperationalError

from agenda.editeurs import demande
from agenda.editeurs.budget import File
from agenda.editeurs.ordonnanceur import budget_de
from agenda.enums import EtatLot
from agenda.models import Editeur, Lot
from agenda.tasks import ATTENTE_IMMEDIATE_S, interroger_pour_un_ecran

journal = structlog.get_logger(__name__)
LOTS_MAX = 40  # un écran montre dix cartes, presque toujours d’un seul éditeur chacune

_LOTS = """
    SELECT DISTINCT lot.id, lot.editeur_id, coalesce(lot.interroge_le, lot.lu_le) AS vu_le
    FROM annuaire_lieuexercice l
    JOIN agenda_raccordement r
        ON r.effecteur_id = l.effecteur_id OR (l.effecteur_id IS NULL AND r.structure_id = l.structure_id)
    JOIN agenda_lot lot ON lot.id = r.lot_id
    JOIN agenda_editeur e ON e.id = lot.editeur_id AND e.est_actif
    WHERE l.id = ANY(%s) ORDER BY lot.id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class LotMontre:
    """Lot d’éditeur dont dépend une carte montrée. `vu_le` : sa dernière interrogation, réussie ou non."""

    id: int
    editeur_id: int
    vu_le: datetime | None


def lots_montres(lieu_ids: Collection[int]) -> list[LotMontre]:
    """Lots des effecteurs et des associations de ces lieux, même sans créneau, chez les éditeurs actifs."""
    with connection.cursor() as curseur:
        curseur.execute(_LOTS, [list(lieu_ids), LOTS_MAX])
        return [LotMontre(*ligne) for ligne in curseur.fetchall()]


def demander(lieu_ids: Collection[int], maintenant: datetime, *, compter: bool = True) -> None:
    """Fait interroger, sans attendre, les éditeurs dont ces lieux montrent des données trop vieilles.

    Un lot déjà demandé ne l’est pas deux fois. `compter` : c’est une recherche, et
    non la même page qui se tient à jour. Ne lève rien : sans courtier, l’écran garde
    ce que la base sait, avec son âge.
    """
    try:
        lots = lots_montres(lieu_ids)
        if compter:
            demande.noter([lot.id for lot in lots], maintenant)
        vieux: dict[int, list[int]] = defaultdict(list)
        for lot in lots:
            if (
                lot.vu_le is None
                or (maintenant - lot.vu_le).total_seconds() >= settings.EDITEURS_ACTUALISATION_S
            ):
                vieux[lot.editeur_id].append(lot.id)
        for editeur in Editeur.objects.filter(pk__in=vieux):
            _enfiler(editeur, vieux[editeur.pk])
    except (redis.RedisError, OperationalError) as erreur:
        journal.warning("actualisation_impossible", erreur=type(erreur).__name__)


def _enfiler(editeur: Editeur, lot_ids: Sequence[int]) -> None:
    budget = budget_de(editeur)
    retenus = budget.retenir(
        File.IMMEDIAT, lot_ids, places=settings.EDITEURS_ECRANS_MAX, duree_s=ATTENTE_IMMEDIATE_S
    )
    if not retenus:
        return
    try:
        interroger_pour_un_ecran.apply_async(
            kwargs={"editeur_id": editeur.pk, "lot_ids": retenus},
            queue=File.IMMEDIAT.value,
            expires=ATTENTE_IMMEDIATE_S,
            retry=False,
        )
    except OperationalError:
        budget.liberer(File.IMMEDIAT, retenus)
        raise


def en_cours(lots: Collection[LotMontre]) -> set[int]:
    """Ceux de ces lots dont un écran attend encore la réponse ; aucun si le courtier ne répond pas."""
    par_editeur: dict[int, list[int]] = defaultdict(list)
    for lot in lots:
        par_editeur[lot.editeur_id].append(lot.id)
    attendus: set[int] = set()
    try:
        for editeur in Editeur.objects.filter(pk__in=par_editeur):
            attendus |= budget_de(editeur).attendus(File.IMMEDIAT, par_editeur[editeur.pk])
    except redis.RedisError:
        return set()
    return attendus


def sans_reponse(lots: Collection[LotMontre]) -> list[str]:
    """Éditeurs dont la dernière interrogation de l’un de ces lots a échoué, par ordre alphabétique."""
    echoues = Lot.objects.filter(pk__in=[lot.id for lot in lots]).exclude(
        etat__in=[EtatLot.JAMAIS, EtatLot.REUSSI]
    )
    return list(echoues.order_by("editeur__nom").values_list("editeur__nom", flat=True).distinct())
