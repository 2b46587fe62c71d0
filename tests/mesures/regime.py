"""Cent interrogations de suite des mêmes praticiens : la mémoire et les tables gardent leur taille."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from django.db import connection

from tests.mesures.cycle import Atelier, atelier, cycle_verifie, ecritures, entretenir, taille_des_tables
from tests.mesures.lignes import Budget, Ligne, dire
from tests.mesures.reglages import Reglages

LOTS = 20  # par processus : un millier de praticiens en tout
# L’autovacuum passe quand un cinquième d’une table est mort, et il en meurt un dixième par cycle.
ENTRE_DEUX_ENTRETIENS = 2
MISE_EN_REGIME = 20


def regime_interrogation(reglages: Reglages) -> Iterator[Ligne]:
    """La croissance se compte sur ce que pèsent les lieux interrogés, non sur des tables plus grandes qu’eux."""
    memoires: list[float] = []
    with atelier(LOTS) as un:
        un.cycle()
        entretenir("FULL")
        for rang in range(MISE_EN_REGIME):
            _cycle_entretenu(un, rang)
        lots = [lot for part in un.parts for siens in part.values() for lot in siens]
        poids, taille, avant = _poids(lots), taille_des_tables(), ecritures()
        for rang in range(reglages.cycles_de_regime):
            _cycle_entretenu(un, rang)
            memoires.append(un.memoire_ko)
            if rang % 10 == 9:
                dire(
                    f"{rang + 1} cycles : {memoires[-1] / 1024:.0f} Mo, tables {taille_des_tables() - taille:+} octets"
                )
        apres, croissance = ecritures(), taille_des_tables() - taille
    dizaine = max(1, len(memoires) // 10)
    debut, fin = (statistics.median(part) for part in (memoires[:dizaine], memoires[-dizaine:]))
    n = len(memoires)
    yield Ligne("regime_croissance_pourcent", 100 * croissance / poids, "%", n=n, budget=Budget(max=5))
    yield Ligne("regime_memoire_pourcent", 100 * (fin / debut - 1), "%", n=n, budget=Budget(max=5))
    majs = apres["majs"] - avant["majs"]
    yield Ligne(
        "regime_hot_pourcent",
        100 * (apres["hot"] - avant["hot"]) / max(1, majs),
        "%",
        n=majs,
        budget=Budget(min=95),
    )


def _cycle_entretenu(un: Atelier, rang: int) -> None:
    cycle_verifie(un, rang)
    if rang % ENTRE_DEUX_ENTRETIENS:
        entretenir()


def _poids(lots: Sequence[int]) -> int:
    """Octets des lignes de ces lots et de leurs lieux, tels qu’ils sont gardés."""
    with connection.cursor() as curseur:
        curseur.execute(
            """
            SELECT sum(pg_column_size(a.*) + pg_column_size(r.*) + pg_column_size(o.*) + pg_column_size(c.*)
                + pg_column_size(c.document))
            FROM agenda_raccordement r JOIN agenda_agendaediteur a ON a.raccordement_id = r.id
            JOIN agenda_cartelieu c ON c.lieu_id = a.lieu_id JOIN agenda_offrelieu o ON o.lieu_id = a.lieu_id
            WHERE r.lot_id = ANY(%s)
            """,
            [list(lots)],
        )
        return int(curseur.fetchone()[0])
