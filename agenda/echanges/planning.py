"""Importer un planning relu sans faute, et l’annuler d’un bloc : tout ou rien, lieu après lieu."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet

from agenda.echanges.lot import Lot, relire
from agenda.models import GesteAgenda, ImportPlanning
from agenda.offre import verrouiller
from agenda.saisie.journal import DELAI_RETOUR, RetourImpossible
from agenda.saisie.journal import annuler as annuler_le_geste
from agenda.saisie.lots import ouvrir_en_lot
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
        nombre=lot.a_ouvrir.nombre,
    )


def relire_garde(planning: ImportPlanning, *, tenus: QuerySet[LieuExercice], maintenant: datetime) -> Lot:
    lignes = [(numero, ligne) for numero, ligne in planning.lignes]
    return relire(lignes, tenus=tenus, maintenant=maintenant)


@transaction.atomic
def importer(
    *, planning: ImportPlanning, tenus: QuerySet[LieuExercice], auteur: Compte, maintenant: datetime
) -> int:
    """Ouvre ce que le planning décrit et qui n’y est pas déjà ; rend le nombre de disponibilités.

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
    verrouiller([lieu.pk for lieu in lot.par_lieu()])
    a_ouvrir = lot.a_ouvrir
    if not a_ouvrir.nombre:
        raise ImportPerime(
            "Toutes ces disponibilités existent déjà à l’identique\u00a0: rien n’est à ouvrir."
        )
    groupe = uuid4()
    planning.gestes = [
        ouvrir_en_lot(
            lieu=lieu,
            lignes=lignes,
            libelle=f"Import du planning {planning.nom}",
            auteur=auteur,
            maintenant=maintenant,
            groupe=groupe,
        )
        for lieu, lignes in a_ouvrir.nouvelles.items()
    ]
    planning.lignes, planning.nombre, planning.fait_le = [], a_ouvrir.nombre, maintenant
    planning.save(update_fields=["gestes", "lignes", "nombre", "fait_le"])
    return a_ouvrir.nombre


@transaction.atomic
def annuler(
    *, planning: ImportPlanning, tenus: QuerySet[LieuExercice], auteur: Compte, maintenant: datetime
) -> None:
    """Remet tous les agendas comme ils étaient avant l’import. Lève `RetourImpossible`, et alors rien ne change."""
    planning = ImportPlanning.objects.select_for_update(of=("self",)).get(pk=planning.pk)
    premier = GesteAgenda.objects.filter(pk__in=planning.gestes).order_by("pk").first()
    if premier is None:
        raise RetourImpossible("Cet import n’a rien ouvert.")
    # L’un de ses gestes les annule tous : c’est aussi ce que fait l’agenda de chaque lieu.
    annuler_le_geste(geste=premier, tenus=tenus, auteur=auteur, maintenant=maintenant)
    planning.annule_le = maintenant
    planning.save(update_fields=["annule_le"])


def retours(
    plannings: Iterable[ImportPlanning], maintenant: datetime
) -> dict[int, tuple[datetime | None, bool]]:
    """De chaque import : quand il a été annulé, d’ici ou de l’agenda d’un lieu, et s’il peut encore l’être."""
    lus = list(plannings)
    numeros = [planning.gestes[0] for planning in lus if planning.gestes]
    annules = dict(GesteAgenda.objects.filter(pk__in=numeros).values_list("pk", "annule_le"))
    trouves: dict[int, tuple[datetime | None, bool]] = {}
    for planning in lus:
        annule_le = annules.get(planning.gestes[0]) if planning.gestes else None
        recent = planning.fait_le is not None and maintenant - planning.fait_le <= DELAI_RETOUR
        trouves[planning.pk] = annule_le, recent and annule_le is None
    return trouves
