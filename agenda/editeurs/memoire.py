"""Ce que l’on retient d’une réponse, pour ne relire que ce qui change.

Une mémoire dit : à partir de ces lieux, telle réponse de l’éditeur a mené à ces
agendas. Elle ne vaut que si les uns et les autres sont encore les mêmes en base.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

import msgspec
from django.db import connection

from agenda.editeurs.appariement import LieuConnu
from agenda.editeurs.verdicts import Memoire

# `xmin` change avec chaque version d’une ligne, quel que soit son auteur : import, administration, SQL.
_LIEUX = """(SELECT string_agg(concat(l.id, ' ', l.xmin), ',' ORDER BY l.id)
    FROM annuaire_lieuexercice l WHERE l.effecteur_id = r.effecteur_id AND l.est_actif)"""
_AGENDAS = """(SELECT string_agg(concat(a.id, ' ', a.xmin), ',' ORDER BY a.id)
    FROM agenda_agendaediteur a WHERE a.raccordement_id = r.id)"""
_DEMANDES = f"""
    SELECT r.lot_id, e.identifiant_national,
        CASE WHEN r.etat = md5(concat({_LIEUX}, '|', {_AGENDAS})) THEN r.memoire END
    FROM agenda_raccordement r JOIN annuaire_effecteur e ON e.id = r.effecteur_id
    WHERE r.lot_id = ANY(%s) AND e.est_actif AND NOT EXISTS (
        SELECT FROM participation_participation p WHERE p.effecteur_id = r.effecteur_id AND p.refuse_affichage)
    ORDER BY r.id
"""  # noqa: S608 : des constantes
_RETENIR = f"""
    UPDATE agenda_raccordement SET memoire = neuve.memoire, etat = neuve.etat
    FROM (
        SELECT r.id, n.memoire, md5(concat(n.lieux, '|', {_AGENDAS})) AS etat
        FROM agenda_raccordement r
        JOIN json_to_recordset(%s::json) AS n (id bigint, lieux text, memoire jsonb) ON n.id = r.id
    ) neuve
    WHERE agenda_raccordement.id = neuve.id AND (agenda_raccordement.memoire, agenda_raccordement.etat)
        IS DISTINCT FROM (neuve.memoire, neuve.etat)
"""  # noqa: S608 : des constantes
_decodeur = msgspec.json.Decoder(Memoire)


class ARetenir(msgspec.Struct, frozen=True, gc=False):
    """Mémoire d’un raccordement. `lieux` : ceux à partir desquels la réponse a été lue (`version_des_lieux`)."""

    id: int
    lieux: str
    memoire: Memoire


def demandes_par_lot(lot_ids: Collection[int]) -> dict[int, dict[str, Memoire | None]]:
    """Identifiants nationaux à demander, lot par lot : ni les inactifs, ni qui refuse l’affichage.

    Chacun avec la mémoire de sa dernière réponse, si elle vaut encore.
    """
    demandes: dict[int, dict[str, Memoire | None]] = defaultdict(dict)
    with connection.cursor() as curseur:
        curseur.execute(_DEMANDES, [list(lot_ids)])
        for lot_id, identifiant, memoire in curseur.fetchall():
            demandes[lot_id][identifiant] = _decodeur.decode(memoire) if memoire else None
    return demandes


def version_des_lieux(connus: Iterable[LieuConnu]) -> str:
    """Change avec chaque lieu de l’effecteur. Les lieux que la lecture vient de créer n’ont pas encore de
    version : la réponse suivante est lue en entier, puis retenue.
    """
    return ",".join(f"{lieu.id} {lieu.version}" for lieu in connus)


def retenir(memoires: Sequence[ARetenir]) -> None:
    """À jouer une fois les agendas écrits, dans la même transaction."""
    if memoires:
        with connection.cursor() as curseur:
            curseur.execute(_RETENIR, [msgspec.json.encode(memoires).decode()])
