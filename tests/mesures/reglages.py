"""Combien de tout, à chaque échelle."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reglages:
    """`cycles_s` : durée au-delà de laquelle on n’entame plus de cycle d’interrogation."""

    echelle: str
    recherches: int
    charge_s: float
    cycles: int
    cycles_s: float
    agendas: int
    prises: int
    lignes_rpps: int
    lignes_planning: int = 10_000
    localisations: int = 5  # passages sur la liste des saisies
    cycles_de_regime: int = 100


LOCALE = Reglages(
    echelle="locale",
    recherches=400,
    charge_s=20,
    cycles=12,
    cycles_s=120,
    agendas=60,
    prises=200,
    lignes_rpps=100_000,
)
NATIONALE = Reglages(
    echelle="nationale",
    recherches=400,
    charge_s=20,
    cycles=12,
    cycles_s=420,
    agendas=60,
    prises=200,
    lignes_rpps=2_000_000,
)
ECHELLES = {reglages.echelle: reglages for reglages in (LOCALE, NATIONALE)}
