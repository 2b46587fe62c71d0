"""Lectures qui ne tiennent pas en une requête de l’ORM : la chaîne de la trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Sum

from comptes.models import AncreTrace, Trace

LOT = 50_000
_AVANT_TOUT = -(2**63)

# La même expression que le déclencheur `sceller` (comptes/models/trace.py). L’ordre est celui des numéros,
# donnés sous verrou ; une ligne retirée se voit parce que la suivante ne scelle plus celle d’avant. La dernière
# ligne du lot est toujours rendue : elle dit où reprendre.
_MAILLONS = """
    WITH lot AS (SELECT * FROM comptes_trace WHERE id > %s ORDER BY id LIMIT %s),
    chaine AS (
        SELECT id, le, precedente, empreinte, count(*) OVER () AS nombre,
            lead(id) OVER (ORDER BY id) IS NULL AS derniere,
            lag(empreinte, 1, %s::varchar) OVER (ORDER BY id) AS attendue,
            encode(sha256(convert_to(concat_ws('|', precedente, id, extract(epoch FROM le), acteur_id,
                verbe, objet, details::text), 'UTF8')), 'hex') AS calculee
        FROM lot
    )
    SELECT id, le, empreinte, nombre, empreinte <> calculee AS alteree, precedente <> attendue AS detachee
    FROM chaine WHERE empreinte <> calculee OR precedente <> attendue OR derniere
    ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Rupture:
    id: int
    le: datetime
    motif: str


@dataclass(frozen=True, slots=True)
class Releve:
    """État de la trace à noter hors de la base : une fin tronquée ne se voit qu’en le comparant.

    `total` compte les lignes écrites depuis toujours, purgées comprises.
    """

    total: int
    derniere_id: int
    empreinte: str


def relire_la_trace(
    *, lot: int = LOT, avancer: Callable[[int], None] = lambda lues: None
) -> tuple[Releve, list[Rupture]]:
    """Relit la chaîne depuis la dernière ancre, ou depuis le début ; `avancer` reçoit le nombre de lignes lues."""
    ancre = AncreTrace.objects.order_by("-derniere_id").first()
    apres, precedente = _AVANT_TOUT, ancre.empreinte if ancre else ""
    derniere_id = ancre.derniere_id if ancre else 0
    lues, ruptures = 0, []
    while True:
        with connection.cursor() as curseur:
            curseur.execute(_MAILLONS, [apres, lot, precedente])
            maillons = curseur.fetchall()
        if not maillons:
            break
        for numero, le, _, _, alteree, detachee in maillons:
            if alteree or detachee:
                motif = "contenu modifié" if alteree else "la ligne d’avant a été retirée ou remplacée"
                ruptures.append(Rupture(numero, le, motif))
        apres = derniere_id = maillons[-1][0]
        precedente, nombre = maillons[-1][2:4]
        lues += nombre
        avancer(lues)
    purgees = AncreTrace.objects.aggregate(total=Sum("nombre"))["total"] or 0
    return Releve(int(purgees) + lues, derniere_id, precedente), ruptures


def ecart_au_releve(ancien: Releve, present: Releve) -> str | None:
    """Ce qui manque à la trace depuis le relevé `ancien` ; rien si elle n’a fait que s’allonger ou se purger."""
    if present.total < ancien.total:
        return f"{ancien.total - present.total} ligne(s) de moins qu’au dernier relevé"
    if ancien.total == 0:
        return None
    lignes = Trace.objects.filter(pk=ancien.derniere_id).values_list("empreinte", flat=True)
    empreinte = lignes.first()
    if empreinte is None:
        ancre = AncreTrace.objects.filter(derniere_id__gte=ancien.derniere_id).order_by("derniere_id").first()
        if ancre is None:
            return f"la ligne {ancien.derniere_id} du dernier relevé a disparu"
        # Au milieu d’une purge, seule l’archive dit l’empreinte de cette ligne.
        empreinte = ancre.empreinte if ancre.derniere_id == ancien.derniere_id else ancien.empreinte
    return None if empreinte == ancien.empreinte else f"la ligne {ancien.derniere_id} n’est plus la même"
