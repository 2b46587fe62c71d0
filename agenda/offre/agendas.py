"""Agendas lus chez les éditeurs, prêts à composer : liens complétés, CPTS nommées, créneaux pris cachés."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

import msgspec
from django.conf import settings
from django.db import connection

from agenda.domaine.offre import AgendaRecu, CreneauRecu
from agenda.domaine.recus import lire_creneaux
from agenda.editeurs.liens import LienRefuse, avec_origine
from annuaire.enums import TypeStructure
from annuaire.models import Structure

Prise = tuple[datetime, int, int]  # prise le, minute de début, minute de fin


class _Lu(NamedTuple):
    id: int
    lieu_id: int
    telephone: str
    lot_id: int
    lu_le: datetime | None
    editeur: str
    origine: str
    hotes: list[str]
    grise_s: int
    perime_s: int
    creneaux: list[CreneauRecu]
    noms_cpts: dict[str, str]


_AGENDAS = """
    SELECT a.id, a.lieu_id, a.telephone, l.id, l.lu_le, e.nom, e.origine, e.hotes_reservation, e.grise_s,
        e.peremption_s, a.creneaux, a.noms_cpts
    FROM agenda_agendaediteur a
    JOIN agenda_raccordement r ON r.id = a.raccordement_id
    JOIN agenda_lot l ON l.id = r.lot_id
    JOIN agenda_editeur e ON e.id = r.editeur_id AND e.est_actif
    WHERE a.lieu_id = ANY(%s) ORDER BY a.id
"""
_noms = msgspec.json.Decoder(dict[str, str])


def agendas_recus(lieu_ids: Collection[int], maintenant: datetime) -> Iterator[tuple[int, AgendaRecu]]:
    """(lieu, agenda) de chaque éditeur actif, en un nombre fixe de requêtes."""
    with connection.cursor() as curseur:
        curseur.execute(_AGENDAS, [list(lieu_ids)])
        lus = [
            _Lu._make((*colonnes, lire_creneaux(creneaux), _noms.decode(noms)))
            for *colonnes, creneaux, noms in curseur.fetchall()
        ]
    if not lus:
        return
    noms = _noms_officiels(lus)
    prises = periodes_prises({agenda.lieu_id for agenda in lus}, maintenant)
    for agenda in lus:
        yield (
            agenda.lieu_id,
            AgendaRecu(
                id=agenda.id,
                editeur=agenda.editeur,
                lot=agenda.lot_id,
                telephone=agenda.telephone,
                creneaux=agenda.creneaux,
                liens=_avec_origine(agenda),
                noms_cpts=agenda.noms_cpts | noms if agenda.noms_cpts or noms else {},
                prises=inconnues_de(agenda.lu_le, prises.get(agenda.lieu_id, ())),
                grise_s=agenda.grise_s,
                perime_s=agenda.perime_s,
            ),
        )


def inconnues_de(lu_le: datetime | None, prises: Sequence[Prise]) -> list[tuple[int, int]]:
    """Minutes de début et de fin de ce qu’un agenda ne sait pas encore pris.

    Une lecture demandée après le rendez-vous le connaît : elle fait foi.
    """
    return [(debut, fin) for prise_le, debut, fin in prises if lu_le is None or lu_le <= prise_le]


def _avec_origine(agenda: _Lu) -> dict[str, str]:
    """Chaque lien de ces créneaux, complété de l’origine ; un lien refusé ne se réserve pas en ligne."""
    liens: dict[str, str] = {}
    for lien in {creneau.lien for creneau in agenda.creneaux} - {""}:
        with suppress(LienRefuse):
            liens[lien] = avec_origine(
                lien, origine=agenda.origine, hotes=agenda.hotes, http_local=not settings.EST_EN_LIGNE
            )
    return liens


def _noms_officiels(agendas: Sequence[_Lu]) -> dict[str, str]:
    """Nom, dans l’annuaire, de chaque CPTS que citent ces agendas ; sans lui, celui de l’éditeur vaut."""
    citees = {finess for agenda in agendas for creneau in agenda.creneaux for finess in creneau.cpts}
    if not citees:
        return {}
    cpts = Structure.objects.filter(finess__in=citees, type=TypeStructure.CPTS)
    return {finess: nom for finess, nom in cpts.values_list("finess", "nom") if finess}


_PRISES = """
    SELECT lieu_id, prise_le, floor(extract(epoch FROM debut) / 60)::bigint,
        ceil(extract(epoch FROM fin) / 60)::bigint
    FROM agenda_periodeprise WHERE lieu_id = ANY(%s) AND fin > %s ORDER BY id
"""


def periodes_prises(lieu_ids: Collection[int], maintenant: datetime) -> dict[int, list[Prise]]:
    """Ce que des rendez-vous ont pris en chaque lieu, et qui n’est pas fini."""
    prises: dict[int, list[Prise]] = defaultdict(list)
    with connection.cursor() as curseur:
        curseur.execute(_PRISES, [list(lieu_ids), maintenant])
        for lieu_id, *prise in curseur:
            prises[lieu_id].append(tuple(prise))
    return prises
