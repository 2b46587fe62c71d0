"""Agendas lus chez les éditeurs, prêts à composer : liens complétés, CPTS nommées, créneaux pris cachés."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings

from agenda.domaine.offre import AgendaRecu, en_minutes
from agenda.editeurs.liens import LienRefuse, avec_origine
from agenda.models import AgendaEditeur, Editeur, PeriodePrise
from annuaire.enums import TypeStructure
from annuaire.models import Structure

Prise = tuple[datetime, int, int]  # prise le, minute de début, minute de fin


class _Lu(NamedTuple):
    id: int
    lieu_id: int
    telephone: str
    creneaux: list[dict[str, Any]]
    noms_cpts: dict[str, str]
    editeur_id: int
    lot_id: int
    lu_le: datetime | None


def agendas_recus(lieu_ids: Collection[int], maintenant: datetime) -> Iterator[tuple[int, AgendaRecu]]:
    """(lieu, agenda) de chaque éditeur actif, en un nombre fixe de requêtes."""
    agendas = AgendaEditeur.objects.filter(lieu__in=lieu_ids, raccordement__editeur__est_actif=True)
    colonnes = (
        "pk",
        "lieu_id",
        "telephone",
        "creneaux",
        "noms_cpts",
        "raccordement__editeur_id",
        "raccordement__lot_id",
        "raccordement__lot__lu_le",
    )
    lus = [_Lu(*ligne) for ligne in agendas.order_by("pk").values_list(*colonnes)]
    if not lus:
        return
    editeurs = Editeur.objects.in_bulk()
    noms = _noms_officiels(lus)
    prises = periodes_prises({agenda.lieu_id for agenda in lus}, maintenant)
    for agenda in lus:
        editeur = editeurs[agenda.editeur_id]
        yield (
            agenda.lieu_id,
            AgendaRecu(
                id=agenda.id,
                editeur=editeur.nom,
                lot=agenda.lot_id,
                telephone=agenda.telephone,
                creneaux=_avec_origine(agenda.creneaux, editeur),
                noms_cpts=agenda.noms_cpts | noms if agenda.noms_cpts or noms else {},
                prises=inconnues_de(agenda.lu_le, prises.get(agenda.lieu_id, ())),
                grise_s=editeur.grise_s,
                perime_s=editeur.peremption_s,
            ),
        )


def inconnues_de(lu_le: datetime | None, prises: Sequence[Prise]) -> list[tuple[int, int]]:
    """Minutes de début et de fin de ce qu’un agenda ne sait pas encore pris.

    Une lecture demandée après le rendez-vous le connaît : elle fait foi.
    """
    return [(debut, fin) for prise_le, debut, fin in prises if lu_le is None or lu_le <= prise_le]


def _avec_origine(creneaux: Sequence[Mapping[str, Any]], editeur: Editeur) -> list[dict[str, Any]]:
    """Les créneaux, leurs liens complétés de l’origine ; un lien refusé ne se réserve pas en ligne."""
    liens: dict[str, str] = {"": ""}
    for creneau in creneaux:
        if creneau["l"] not in liens:
            with suppress(LienRefuse):
                liens[creneau["l"]] = avec_origine(
                    creneau["l"],
                    origine=editeur.origine,
                    hotes=editeur.hotes_reservation,
                    http_local=not settings.EST_EN_LIGNE,
                )
    return [{**creneau, "l": liens.get(creneau["l"], "")} for creneau in creneaux]


def _noms_officiels(agendas: Sequence[_Lu]) -> dict[str, str]:
    """Nom, dans l’annuaire, de chaque CPTS que citent ces agendas ; sans lui, celui de l’éditeur vaut."""
    citees = {finess for agenda in agendas for creneau in agenda.creneaux for finess in creneau.get("c", ())}
    if not citees:
        return {}
    cpts = Structure.objects.filter(finess__in=citees, type=TypeStructure.CPTS)
    return {finess: nom for finess, nom in cpts.values_list("finess", "nom") if finess}


def periodes_prises(lieu_ids: Collection[int], maintenant: datetime) -> dict[int, list[Prise]]:
    """Ce que des rendez-vous ont pris en chaque lieu, et qui n’est pas fini."""
    prises: dict[int, list[Prise]] = defaultdict(list)
    periodes = PeriodePrise.objects.filter(lieu__in=lieu_ids, fin__gt=maintenant)
    for periode in periodes.order_by("pk"):
        fin = -(-int(periode.fin.timestamp()) // 60)
        prises[periode.lieu_id].append((periode.prise_le, en_minutes(periode.debut), fin))
    return prises
