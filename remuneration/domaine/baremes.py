"""Le barème, en fonctions pures : montant d’une tranche, tranches mal faites, règles qui manquent ou se chevauchent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Protocol, TypeVar


class Tranche(Protocol):
    """De `de` à `a` actes compris ; sans `a`, et au-delà. `montant` en euros."""

    @property
    def de(self) -> int: ...
    @property
    def a(self) -> int | None: ...
    @property
    def montant(self) -> Decimal: ...


class Datee(Protocol):
    """Ce qui vaut pendant [debut, fin[ ; sans `fin`, jusqu’à nouvel ordre."""

    @property
    def debut(self) -> date: ...
    @property
    def fin(self) -> date | None: ...


T = TypeVar("T", bound=Tranche)
D = TypeVar("D", bound=Datee)
Jours = tuple[date, date]


def tranche_atteinte(tranches: Iterable[T], nombre: int) -> T | None:
    """Celle où tombe `nombre` ; aucune, sous la première. Lève `ValueError` si `nombre` est négatif."""
    if nombre < 0:
        raise ValueError("nombre d’actes négatif")
    return next((t for t in tranches if t.de <= nombre and (t.a is None or nombre <= t.a)), None)


def montant(tranches: Iterable[Tranche], nombre: int) -> Decimal:
    """Euros du trimestre pour `nombre` actes : ceux de la tranche atteinte, non cumulés, zéro sous la première."""
    atteinte = tranche_atteinte(tranches, nombre)
    return atteinte.montant if atteinte else Decimal(0)


def tranche_suivante(tranches: Sequence[T], nombre: int) -> T | None:
    """La prochaine à atteindre ; aucune, dans la dernière."""
    return min((t for t in tranches if t.de > nombre), key=lambda t: t.de, default=None)


def refus_des_tranches(tranches: Sequence[Tranche]) -> list[str]:
    """Ce qui rend ces tranches inutilisables, une phrase chacun ; vide si elles se suivent et que le montant croît."""
    if not tranches:
        return ["Le barème n’a aucune tranche."]
    suite = sorted(tranches, key=lambda t: t.de)
    trouves = [
        f"La tranche de {t.de} à {t.a} finit avant d’avoir commencé."
        for t in suite
        if t.a is not None and t.a < t.de
    ]
    for basse, haute in pairwise(suite):
        if basse.a is None or haute.de <= basse.a:
            trouves.append(f"Les tranches qui commencent à {basse.de} et à {haute.de} se chevauchent.")
        elif haute.de > basse.a + 1:
            trouves.append(f"Rien n’est prévu de {basse.a + 1} à {haute.de - 1} actes.")
        if haute.montant < basse.montant:
            trouves.append(f"Le montant baisse à partir de {haute.de} actes.")
    if suite[-1].a is not None:
        trouves.append(f"Rien n’est prévu au-delà de {suite[-1].a} actes.")
    return trouves


def trous(regles: Iterable[Datee], debut: date, fin: date) -> list[Jours]:
    """Jours de [debut, fin[ laissés sans règle entre deux règles d’une même prestation, en intervalles [de, à[.

    `regles` : toutes celles de la prestation, d’avant et d’après comprises. Avant
    la première et après la dernière, la prestation n’existe pas : ce n’est pas un oubli.
    """
    trouves = []
    suite = sorted(regles, key=lambda r: r.debut)
    for avant, apres in pairwise(suite):
        if avant.fin is None:
            break
        de, a = max(avant.fin, debut), min(apres.debut, fin)
        if de < a:
            trouves.append((de, a))
    return trouves


def chevauchements(regles: Iterable[Datee], debut: date, fin: date) -> list[Jours]:
    """Jours de [debut, fin[ où deux règles d’une même prestation valent à la fois, en intervalles [de, à[."""
    trouves = []
    for avant, apres in pairwise(sorted(regles, key=lambda r: r.debut)):
        de = max(apres.debut, debut)
        a = min(avant.fin or date.max, apres.fin or date.max, fin)
        if de < a:
            trouves.append((de, a))
    return trouves


def en_vigueur(regles: Iterable[D], jour: date) -> D | None:
    return next((r for r in regles if r.debut <= jour and (r.fin is None or jour < r.fin)), None)
