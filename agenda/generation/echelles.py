"""Combien de tout à chaque échelle."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Echelle:
    """`departements` : nombre d’effecteurs par département, ou rien pour suivre la population du pays.

    Le nombre de lieux est tenu exactement : les dernières professions tirées le complètent.
    """

    nom: str
    generalistes: int
    effecteurs: int
    lieux: int
    structures: tuple[tuple[str, int], ...]
    part_participants: float
    departements: tuple[tuple[str, int], ...] = ()
    interfaces: int = 0
    creneaux_par_interface: int = 27


LOCALE = Echelle(
    nom="locale",
    generalistes=1_800,
    effecteurs=3_000,
    lieux=4_500,
    structures=(("cds", 30), ("msp", 40), ("cpts", 15), ("sos", 12)),
    part_participants=0.5,
    departements=(("59", 1200), ("75", 850), ("974", 500), ("973", 250), ("23", 200)),
)
# 55 420 agendas interfacés et 17 057 participants en avril 2026 ; 600 000 lieux, toutes professions.
NATIONALE = Echelle(
    nom="nationale",
    generalistes=60_000,
    effecteurs=400_000,
    lieux=600_000,
    structures=(("cds", 2_600), ("msp", 2_400), ("cpts", 800), ("sos", 190)),
    part_participants=0.28,
    interfaces=55_000,
)
ECHELLES = {echelle.nom: echelle for echelle in (LOCALE, NATIONALE)}
