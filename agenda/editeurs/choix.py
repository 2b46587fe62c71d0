"""Quels lots interroger maintenant : les plus pressants de chaque éditeur, dans son budget et sans emplir la file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from agenda.domaine.priorite import Horaires, avancement, priorite
from agenda.editeurs import demande
from agenda.editeurs.budget import File
from agenda.editeurs.ordonnanceur import LOTS_PAR_GROUPE, budget_de
from agenda.models import Editeur, Lot
from sas_platform.socle.courtier import longueur_de_file
from sas_platform.socle.iterables import par_lots
from sas_platform.socle.memoire import memoriser

ATTENTE_MAX_S = (
    60  # un lot qui attend depuis plus longtemps dans la file n’y est plus retenu, et sa tâche a péri
)
FUSEAU_DE_LA_REGULATION = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class _Candidat:
    lot_id: int
    editeur_id: int
    priorite: float


class Groupe(NamedTuple):
    """Lots d’un éditeur, dus en même temps : une tâche les appelle et les enregistre ensemble."""

    editeur_id: int
    lot_ids: list[int]


def prendre_groupes_dus(maintenant: datetime) -> list[Groupe]:
    """Lots à interroger maintenant, le plus pressant d’abord, autant que les budgets et la file en permettent.

    Ils sont retenus : deux ordonnanceurs ne prennent pas le même, et un lot dont
    la tâche se perd est repris une minute plus tard. Rien si la file de fond est pleine.
    """
    places = settings.EDITEURS_FILE_MAX - longueur_de_file(File.FOND)
    if places <= 0:
        return []
    editeurs = {editeur.pk: editeur for editeur in Editeur.objects.filter(est_actif=True)}
    candidats = _candidats(editeurs.values(), maintenant)
    groupes: list[Groupe] = []
    for editeur in editeurs.values():
        siens = [candidat.lot_id for candidat in candidats if candidat.editeur_id == editeur.pk]
        if not siens:
            continue
        budget = budget_de(editeur)
        retenus = budget.retenir(File.FOND, siens, places=budget.disponible(), duree_s=ATTENTE_MAX_S)
        groupes += [Groupe(editeur.pk, lot_ids) for lot_ids in par_lots(retenus, LOTS_PAR_GROUPE)]
    rangs = {candidat.lot_id: rang for rang, candidat in enumerate(candidats)}
    groupes.sort(key=lambda groupe: rangs[groupe.lot_ids[0]])
    for groupe in groupes[places:]:
        budget_de(editeurs[groupe.editeur_id]).liberer(File.FOND, groupe.lot_ids)
    return groupes[:places]


def _candidats(editeurs: Iterable[Editeur], maintenant: datetime) -> list[_Candidat]:
    """Lots dont la priorité atteint 1, la plus grande d’abord."""
    demandes = demande.lire(maintenant)
    horaire = horaires().poids(maintenant, FUSEAU_DE_LA_REGULATION)
    candidats = []
    for editeur in editeurs:
        participants = _participants(editeur.pk)
        lots = Lot.objects.filter(editeur=editeur).values_list("pk", "interroge_le", "prochaine_le")
        for lot_id, interroge_le, prochaine_le in lots.order_by("pk"):
            pression = priorite(
                avancement=avancement(maintenant, interroge_le, prochaine_le),
                demande=demandes.get(lot_id, 0.0),
                participants=participants.get(lot_id, 0.0),
                horaire=horaire,
            )
            if pression >= 1:
                candidats.append(_Candidat(lot_id, editeur.pk, pression))
    return sorted(candidats, key=lambda candidat: (-candidat.priorite, candidat.lot_id))


def horaires() -> Horaires:
    """Poids des heures, réglables (docs/exploitation.md)."""
    journee, soiree, nuit, fin_de_semaine = settings.EDITEURS_POIDS_HORAIRES
    matin, soir = settings.EDITEURS_HEURES
    return Horaires(
        journee=journee,
        soiree=soiree,
        nuit=nuit,
        fin_de_semaine=fin_de_semaine,
        debut_journee=time(matin),
        debut_soiree=time(soir),
    )


@memoriser(duree_s=300, taille=200)
def _participants(editeur_id: int) -> dict[int, float]:
    """Part des effecteurs de chaque lot de cet éditeur qui participent au SAS."""
    with connection.cursor() as curseur:
        curseur.execute(_PARTICIPANTS, [editeur_id])
        return dict(curseur.fetchall())


_PARTICIPANTS = """
    SELECT r.lot_id, avg(coalesce(p.participe, ps.participe, false)::int)::float8
    FROM agenda_raccordement r
    LEFT JOIN participation_participation p ON p.effecteur_id = r.effecteur_id
    LEFT JOIN participation_participationstructure ps ON ps.structure_id = r.structure_id
    WHERE r.editeur_id = %s GROUP BY r.lot_id
"""
