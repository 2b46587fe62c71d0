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
from agenda.editeurs.ordonnanceur import budget_de
from agenda.enums import EtatLot
from agenda.models import Editeur, Lot
from agenda.tasks import ATTENTE_IMMEDIATE_S, repartir_pour_un_ecran

journal = structlog.get_logger(__name__)
LOTS_MAX = 40  # un écran montre dix cartes, presque toujours d’un seul éditeur chacune

# Dans l’ordre des cartes : si tous ne peuvent être relus, les premières le sont.
_LOTS = """
    SELECT lot.id, lot.editeur_id, coalesce(lot.interroge_le, lot.lu_le)
    FROM unnest(%s::bigint[]) WITH ORDINALITY AS montre (lieu_id, rang)
    JOIN annuaire_lieuexercice l ON l.id = montre.lieu_id
    JOIN agenda_raccordement r
        ON r.effecteur_id = l.effecteur_id OR (l.effecteur_id IS NULL AND r.structure_id = l.structure_id)
    JOIN agenda_lot lot ON lot.id = r.lot_id
    GROUP BY lot.id ORDER BY min(montre.rang), lot.id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class LotMontre:
    """Lot d’éditeur dont dépend une carte montrée. `vu_le` : sa dernière interrogation, réussie ou non."""

    id: int
    editeur: Editeur
    vu_le: datetime | None

    def age_s(self, maintenant: datetime) -> float:
        return inf if self.vu_le is None else (maintenant - self.vu_le).total_seconds()


def lots_montres(lieu_ids: Sequence[int]) -> list[LotMontre]:
    """Lots des effecteurs et des associations de ces lieux, même sans créneau, chez les éditeurs actifs."""
    with connection.cursor() as curseur:
        curseur.execute(_LOTS, [list(lieu_ids), LOTS_MAX])
        lignes = curseur.fetchall()
    editeurs = (
        Editeur.objects.filter(est_actif=True).in_bulk({editeur for _, editeur, _ in lignes})
        if lignes
        else {}
    )
    return [LotMontre(lot, editeurs[e], vu_le) for lot, e, vu_le in lignes if e in editeurs]


def demander(lieu_ids: Sequence[int], maintenant: datetime) -> None:
    """Note ce qu’une recherche a montré, et fait relire, sans attendre, ce qui en est trop vieux.

    Un lot déjà demandé ne l’est pas deux fois. Ne lève rien si le courtier ne répond
    pas : l’écran garde ce que la base sait, avec son âge.
    """
    if not settings.EDITEURS_ACTUALISATION_S:
        return
    try:
        lots = lots_montres(lieu_ids)
        demande.noter([lot.id for lot in lots], maintenant)
        vieux: dict[int, list[int]] = defaultdict(list)
        for lot in lots:
            if lot.age_s(maintenant) >= settings.EDITEURS_ACTUALISATION_S:
                vieux[lot.editeur.pk].append(lot.id)
        editeurs = {lot.editeur.pk: lot.editeur for lot in lots}
        _enfiler({editeurs[pk]: lot_ids for pk, lot_ids in vieux.items()})
    except (redis.RedisError, OperationalError) as erreur:
        journal.warning("actualisation_impossible", erreur=type(erreur).__name__)


def _enfiler(vieux: Mapping[Editeur, Sequence[int]]) -> None:
    """Un seul message pour tout l’écran : c’est au travailleur d’en faire une tâche par éditeur."""
    budgets = {editeur.pk: budget_de(editeur) for editeur in vieux}
    tenus = Budget.retenir_chez(
        [(budgets[editeur.pk], lot_ids) for editeur, lot_ids in vieux.items()],
        File.IMMEDIAT,
        places=settings.EDITEURS_ECRANS_MAX,
        duree_s=ATTENTE_IMMEDIATE_S,
    )
    retenus = {editeur.pk: lots for editeur, lots in zip(vieux, tenus, strict=True) if lots}
    if not retenus:
        return
    try:
        repartir_pour_un_ecran.apply_async(
            kwargs={"lots": list(retenus.items())}, expires=ATTENTE_IMMEDIATE_S, retry=False
        )
    except OperationalError:
        for editeur_id, lot_ids in retenus.items():
            budgets[editeur_id].liberer(File.IMMEDIAT, lot_ids)
        raise


def en_cours(lots: Collection[LotMontre]) -> set[int]:
    """Ceux de ces lots dont un écran attend encore la réponse ; aucun si le courtier ne répond pas. Sans requête."""
    par_editeur: dict[int, list[LotMontre]] = defaultdict(list)
    for lot in lots:
        par_editeur[lot.editeur.pk].append(lot)
    try:
        return {
            attendu
            for siens in par_editeur.values()
            for attendu in budget_de(siens[0].editeur).attendus(File.IMMEDIAT, [lot.id for lot in siens])
        }
    except redis.RedisError:
        return set()


def sans_reponse(lots: Collection[LotMontre]) -> list[str]:
    """Éditeurs dont la dernière interrogation de l’un de ces lots a échoué, par ordre alphabétique."""
    echoues = Lot.objects.filter(pk__in=[lot.id for lot in lots]).exclude(
        etat__in=[EtatLot.JAMAIS, EtatLot.REUSSI]
    )
    return list(echoues.order_by("editeur__nom").values_list("editeur__nom", flat=True).distinct())
