"""Redemander aux éditeurs ce qu’un écran montre, quand c’est trop vieux."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf

import redis
import structlog
from django.conf import settings
from django.db import connection
from kombu.exceptions import OperationalError

from agenda.editeurs import demande
from agenda.editeurs.budget import Budget, File
from agenda.enums import EtatLot
from agenda.models import Lot
from agenda.tasks import ATTENTE_IMMEDIATE_S, repartir_pour_un_ecran

journal = structlog.get_logger(__name__)
LOTS_MAX = 40  # un écran montre dix cartes, presque toujours d’un seul éditeur chacune

# Dans l’ordre des cartes : si tous ne peuvent être relus, les premières de chaque écran le sont.
_LOTS = """
    SELECT lot.id, count(DISTINCT montre.ecran), coalesce(lot.interroge_le, lot.lu_le),
        e.id, e.requetes_par_heure, e.concurrence_max
    FROM unnest(%s::int[], %s::int[], %s::bigint[]) AS montre (ecran, rang, lieu_id)
    JOIN annuaire_lieuexercice l ON l.id = montre.lieu_id
    JOIN agenda_raccordement r
        ON r.effecteur_id = l.effecteur_id OR (l.effecteur_id IS NULL AND r.structure_id = l.structure_id)
    JOIN agenda_lot lot ON lot.id = r.lot_id
    JOIN agenda_editeur e ON e.id = lot.editeur_id AND e.est_actif
    GROUP BY lot.id, e.id ORDER BY min(montre.rang), lot.id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class LotMontre:
    """Lot d’éditeur dont dépend une carte montrée, par combien d’écrans. `vu_le` : sa dernière interrogation, réussie ou non."""

    id: int
    ecrans: int
    vu_le: datetime | None
    budget: Budget

    def age_s(self, maintenant: datetime) -> float:
        return inf if self.vu_le is None else (maintenant - self.vu_le).total_seconds()


def lots_montres(*ecrans: Sequence[int]) -> list[LotMontre]:
    """Lots des effecteurs et des associations de ces lieux, même sans créneau, chez les éditeurs actifs.

    Un écran : ses lieux, dans l’ordre des cartes.
    """
    montres = [(n, rang, lieu) for n, lieux in enumerate(ecrans) for rang, lieu in enumerate(lieux)]
    if not montres:
        return []
    with connection.cursor() as curseur:
        curseur.execute(_LOTS, [*map(list, zip(*montres, strict=True)), LOTS_MAX * len(ecrans)])
        return [
            LotMontre(lot, nombre, vu_le, Budget(*budget))
            for lot, nombre, vu_le, *budget in curseur.fetchall()
        ]


def demander(ecrans: Sequence[Sequence[int]], maintenant: datetime) -> None:
    """Note ce que des recherches ont montré, et fait relire, sans attendre, ce qui en est trop vieux.

    Un écran : ses lieux, dans l’ordre des cartes. Un lot déjà demandé ne l’est pas deux fois. Ne lève
    rien si le courtier ne répond pas : l’écran garde ce que la base sait, avec son âge.
    """
    if not settings.EDITEURS_ACTUALISATION_S:
        return
    try:
        lots = lots_montres(*ecrans)
        demande.noter({lot.id: lot.ecrans for lot in lots}, maintenant)
        vieux = [lot for lot in lots if lot.age_s(maintenant) >= settings.EDITEURS_ACTUALISATION_S]
        _enfiler(_par_budget(vieux))
    except (redis.RedisError, OperationalError) as erreur:
        journal.warning("actualisation_impossible", erreur=type(erreur).__name__)


def _par_budget(lots: Collection[LotMontre]) -> dict[Budget, list[int]]:
    par_budget: dict[Budget, list[int]] = defaultdict(list)
    for lot in lots:
        par_budget[lot.budget].append(lot.id)
    return par_budget


def _enfiler(vieux: Mapping[Budget, Sequence[int]]) -> None:
    """Un seul message pour tous : c’est au travailleur d’en faire une tâche par éditeur."""
    retenus = Budget.retenir_chez(
        vieux, File.IMMEDIAT, places=settings.EDITEURS_ECRANS_MAX, duree_s=ATTENTE_IMMEDIATE_S
    )
    if not retenus:
        return
    try:
        repartir_pour_un_ecran.apply_async(
            kwargs={"lots": [(budget.editeur_id, lots) for budget, lots in retenus.items()]},
            expires=ATTENTE_IMMEDIATE_S,
            retry=False,
        )
    except OperationalError:
        for budget, lot_ids in retenus.items():
            budget.liberer(File.IMMEDIAT, lot_ids)
        raise


def en_cours(lots: Collection[LotMontre]) -> set[int]:
    """Ceux de ces lots dont un écran attend encore la réponse ; aucun si le courtier ne répond pas. Sans requête."""
    try:
        return {
            attendu
            for budget, lot_ids in _par_budget(lots).items()
            for attendu in budget.attendus(File.IMMEDIAT, lot_ids)
        }
    except redis.RedisError:
        return set()


def sans_reponse(lots: Collection[LotMontre]) -> list[str]:
    """Éditeurs dont la dernière interrogation de l’un de ces lots a échoué, par ordre alphabétique."""
    echoues = Lot.objects.filter(pk__in=[lot.id for lot in lots]).exclude(
        etat__in=[EtatLot.JAMAIS, EtatLot.REUSSI]
    )
    return list(echoues.order_by("editeur__nom").values_list("editeur__nom", flat=True).distinct())
