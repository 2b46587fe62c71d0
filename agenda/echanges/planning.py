"""Importer un planning relu sans faute, et l’annuler d’un bloc : tout ou rien, lieu après lieu."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from agenda.echanges.lot import Lot, relire
from agenda.models import GesteAgenda, ImportPlanning
from agenda.offre import verrouiller
from agenda.saisie.actions import ouvrir_en_lot
from agenda.saisie.journal import DELAI_RETOUR, RetourImpossible
from agenda.saisie.journal import annuler as annuler_le_geste
from annuaire.models import LieuExercice
from comptes.models import Compte

ATTENTE_MAX = timedelta(hours=1)


class PlanningACorriger(Exception):
    """Depuis la relecture, l’heure, un droit ou une participation a changé : `lot` dit ce qui ne passe plus."""

    def __init__(self, lot: Lot) -> None:
        super().__init__(
            "Ce planning ne peut plus être importé tel quel\u00a0: corrigez les lignes indiquées."
        )
        self.lot = lot


class ImportPerime(Exception):
    """Déjà importé, ou relu depuis trop longtemps ; le message est montrable."""


def garder(
    *, lot: Lot, lignes: list[tuple[int, dict[str, str]]], nom: str, auteur: Compte, maintenant: datetime
) -> ImportPlanning:
    """Garde un lot sans faute jusqu’à sa confirmation ; celui qui attendait encore s’efface."""
    ImportPlanning.objects.filter(auteur=auteur, fait_le=None).delete()
    return ImportPlanning.objects.create(
        auteur=auteur,
        cree_le=maintenant,
        nom=nom[:100],
        lignes=[[numero, ligne] for numero, ligne in lignes],
        nombre=lot.disponibilites,
    )


def relire_garde(planning: ImportPlanning, *, tenus: QuerySet[LieuExercice], maintenant: datetime) -> Lot:
    lignes = [(numero, ligne) for numero, ligne in planning.lignes]
    return relire(lignes, tenus=tenus, maintenant=maintenant)


@transaction.atomic
def importer(
    *, planning: ImportPlanning, tenus: QuerySet[LieuExercice], auteur: Compte, maintenant: datetime
) -> int:
    """Ouvre tout ce que le planning décrit ; rend le nombre de disponibilités.

    Tous les lieux sont tenus dès le début, dans l’ordre : un autre import ne
    peut pas s’y entrelacer. Lève `ImportPerime`, `PlanningACorriger`.
    """
    planning = ImportPlanning.objects.select_for_update(of=("self",)).get(pk=planning.pk)
    if planning.fait_le is not None:
        raise ImportPerime("Ce planning est déjà importé.")
    if maintenant - planning.cree_le > ATTENTE_MAX:
        raise ImportPerime("Ce planning a été relu il y a plus d’une heure\u00a0: envoyez-le de nouveau.")
    lot = relire_garde(planning, tenus=tenus, maintenant=maintenant)
    if lot.fautives:
        raise PlanningACorriger(lot)
    par_lieu = lot.par_lieu()
    verrouiller([lieu.pk for lieu in par_lieu])
    planning.gestes = [
        ouvrir_en_lot(
            lieu=lieu,
            saisies=saisies,
            libelle=f"Import du planning {planning.nom}",
            auteur=auteur,
            maintenant=maintenant,
        )
        for lieu, saisies in par_lieu.items()
    ]
    planning.lignes, planning.nombre, planning.fait_le = [], lot.disponibilites, maintenant
    planning.save(update_fields=["gestes", "lignes", "nombre", "fait_le"])
    return lot.disponibilites


@transaction.atomic
def annuler(
    *, planning: ImportPlanning, tenus: QuerySet[LieuExercice], auteur: Compte, maintenant: datetime
) -> None:
    """Remet tous les agendas comme ils étaient avant l’import. Lève `RetourImpossible`, et alors rien ne change."""
    planning = ImportPlanning.objects.select_for_update(of=("self",)).get(pk=planning.pk)
    if planning.fait_le is None or planning.annule_le is not None:
        raise RetourImpossible("Cet import est déjà annulé.")
    gestes = list(GesteAgenda.objects.filter(pk__in=planning.gestes).order_by("lieu_id", "pk"))
    lieux = {geste.lieu_id for geste in gestes}
    verrouiller(list(lieux))
    if set(tenus.filter(pk__in=lieux).values_list("pk", flat=True)) != lieux:
        raise RetourImpossible("Vous ne tenez plus l’agenda de tous ces lieux.")
    # Un geste annulé depuis l’agenda de son lieu l’est déjà : les autres restent à défaire.
    for geste in gestes:
        if geste.annule_le is None:
            annuler_le_geste(geste=geste, tenus=tenus, auteur=auteur, maintenant=maintenant)
    planning.annule_le = maintenant
    planning.save(update_fields=["annule_le"])


def est_annulable(planning: ImportPlanning, maintenant: datetime) -> bool:
    return (
        planning.fait_le is not None
        and planning.annule_le is None
        and maintenant - planning.fait_le <= DELAI_RETOUR
    )
