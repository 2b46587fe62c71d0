"""Ce que l’on retient d’une réponse, pour ne relire que ce qui change.

Une mémoire dit : à partir de ces lieux, telle réponse de l’éditeur a mené à ces
agendas. Elle ne vaut que si les uns et les autres sont encore les mêmes en base.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import xor

import msgspec
from django.db import connection

from agenda.editeurs.appariement import LieuConnu
from agenda.editeurs.lieux import VERSION_LIEU
from agenda.editeurs.verdicts import Cas, Memoire

# `xmin` change avec chaque version d’une ligne, quel que soit son auteur : import, administration, SQL.
_VERSION_AGENDA = "hash_record_extended((a.id, a.xmin), 0)"
# Les lieux d’une association sont ses points fixes, non ceux des effecteurs qui y exercent.
_LIEUX = f"""CASE WHEN r.effecteur_id IS NOT NULL
    THEN (SELECT bit_xor({VERSION_LIEU})
        FROM annuaire_lieuexercice l WHERE l.effecteur_id = r.effecteur_id AND l.est_actif)
    ELSE (SELECT bit_xor({VERSION_LIEU}) FROM annuaire_lieuexercice l
        WHERE l.structure_id = r.structure_id AND l.effecteur_id IS NULL AND l.est_actif) END"""  # noqa: S608
_AGENDAS = f"(SELECT bit_xor({_VERSION_AGENDA}) FROM agenda_agendaediteur a WHERE a.raccordement_id = r.id)"  # noqa: S608
_DEMANDES = f"""
    WITH ouverts AS MATERIALIZED (
        SELECT lot.id, lot.cas FROM agenda_lot lot JOIN agenda_editeur d ON d.id = lot.editeur_id
        WHERE lot.id = ANY(%s) AND lot.cas = ANY(d.flux)
    )
    SELECT r.lot_id, lot.cas, coalesce(e.identifiant_national, '3' || s.siret),
        CASE WHEN r.etat = md5(concat({_LIEUX}, '|', {_AGENDAS})) THEN r.memoire END
    FROM ouverts lot JOIN agenda_raccordement r ON r.lot_id = lot.id
    LEFT JOIN annuaire_effecteur e ON e.id = r.effecteur_id
    LEFT JOIN annuaire_structure s ON s.id = r.structure_id
    WHERE (e.est_actif OR s.est_active AND s.siret <> '') AND NOT EXISTS (
        SELECT FROM participation_participation p WHERE p.effecteur_id = r.effecteur_id AND p.refuse_affichage)
    ORDER BY r.id
"""  # noqa: S608 : des constantes
_RETENIR = f"""
    WITH neuve AS MATERIALIZED (
        SELECT r.id, r.memoire, md5(concat(r.lieux, '|', {_AGENDAS})) AS etat
        FROM json_to_recordset(%s::json) AS r (id bigint, lieux text, memoire jsonb)
    )
    UPDATE agenda_raccordement r SET memoire = neuve.memoire, etat = neuve.etat FROM neuve
    WHERE r.id = neuve.id AND (r.memoire, r.etat) IS DISTINCT FROM (neuve.memoire, neuve.etat)
"""  # noqa: S608 : des constantes
_decodeur = msgspec.json.Decoder(Memoire)


class ARetenir(msgspec.Struct, frozen=True, gc=False):
    """Mémoire d’un raccordement. `lieux` : ceux à partir desquels la réponse a été lue (`version_des_lieux`)."""

    id: int
    lieux: str
    memoire: Memoire


@dataclass(frozen=True, slots=True)
class DemandesDuLot:
    """Ce qu’un lot demande : la forme de sa requête, et ses identifiants, chacun avec sa mémoire si elle vaut encore."""

    cas: Cas
    memoires: dict[str, Memoire | None] = field(default_factory=dict)


def demandes_par_lot(lot_ids: Collection[int]) -> dict[int, DemandesDuLot]:
    """Identifiants à demander, lot par lot : ni les inactifs, ni qui refuse l’affichage.

    Un lot que personne ne remplit, ou dont l’éditeur n’ouvre pas le flux, n’y est pas.
    """
    demandes: dict[int, DemandesDuLot] = {}
    with connection.cursor() as curseur:
        curseur.execute(_DEMANDES, [list(lot_ids)])
        for lot_id, cas, identifiant, memoire in curseur.fetchall():
            demande = demandes.setdefault(lot_id, DemandesDuLot(cas))
            demande.memoires[identifiant] = _decodeur.decode(memoire) if memoire else None
    return demandes


def version_des_lieux(connus: Iterable[LieuConnu]) -> str:
    """Change avec chaque lieu de l’effecteur. Les lieux que la lecture vient de créer n’ont pas encore de
    version : la réponse suivante est lue en entier, puis retenue.
    """
    versions = [lieu.version for lieu in connus]
    return str(reduce(xor, versions)) if versions else ""


def retenir(memoires: Sequence[ARetenir]) -> None:
    """À jouer une fois les agendas écrits, dans la même transaction."""
    if memoires:
        with connection.cursor() as curseur:
            curseur.execute(_RETENIR, [msgspec.json.encode(memoires).decode()])
