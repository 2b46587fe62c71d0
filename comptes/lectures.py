"""Lectures qui ne tiennent pas en une requête de l’ORM."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

# La même expression que le déclencheur `sceller` (comptes/models.py). L’ordre est celui des numéros, donnés
# sous verrou ; une ligne retirée se voit parce que la suivante ne scelle plus celle d’avant. La suppression
# des dernières lignes ne se voit qu’en comparant le total à un relevé gardé ailleurs.
_RUPTURES = """
    WITH chaine AS (
        SELECT id, le, precedente, empreinte,
            lag(empreinte, 1, '') OVER (ORDER BY id) AS attendue,
            encode(sha256(convert_to(concat_ws('|', precedente, id, extract(epoch FROM le), acteur_id,
                verbe, objet, details::text), 'UTF8')), 'hex') AS calculee
        FROM comptes_trace
    )
    SELECT id, le, empreinte <> calculee AS alteree
    FROM chaine WHERE empreinte <> calculee OR precedente <> attendue
    ORDER BY id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Rupture:
    id: int
    le: datetime
    motif: str


def ruptures_de_la_trace(*, limite: int) -> tuple[int, list[Rupture]]:
    """Nombre de lignes de la trace, et les premières qui ne s’accordent pas à la chaîne."""
    with connection.cursor() as curseur:
        curseur.execute("SELECT count(*) FROM comptes_trace")
        (total,) = curseur.fetchone()
        curseur.execute(_RUPTURES, [limite])
        lignes = curseur.fetchall()
    return total, [
        Rupture(numero, le, "contenu modifié" if alteree else "la ligne d’avant a été retirée ou remplacée")
        for numero, le, alteree in lignes
    ]
