"""Où une règle prend sa place parmi celles en vigueur de sa prestation : ni trou, ni chevauchement. Pur."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Generic, TypeVar

from remuneration.domaine.baremes import Datee

# Tout ce qui a un `debut` et une `fin` (`Datee`) : un modèle de Django ne se laisse pas dire tel.
D = TypeVar("D", bound=Any)


@dataclass(frozen=True, slots=True)
class Refus:
    """`champ` : celui du formulaire à corriger."""

    champ: str
    phrase: str


@dataclass(frozen=True, slots=True)
class Place(Generic[D]):
    """`precedente` finit où la nouvelle commence ; `remplacee` commençait le même jour, et s’efface devant elle."""

    precedente: D | None
    remplacee: D | None
    suivante: D | None
    refus: tuple[Refus, ...]


def placer(en_vigueur: Sequence[D], debut: date, fin: date | None, *, clos_jusqu_au: date | None) -> Place[D]:
    """La place d’une règle [debut, fin[ ; `clos_jusqu_au` : lendemain du dernier jour d’une période close."""
    precedente = max((r for r in en_vigueur if r.debut < debut), key=lambda r: r.debut, default=None)
    suivante = min((r for r in en_vigueur if r.debut > debut), key=lambda r: r.debut, default=None)
    remplacee = next((r for r in en_vigueur if r.debut == debut), None)
    refus = [*_passe(debut, clos_jusqu_au), *_avant(precedente, debut), *_apres(suivante, debut, fin)]
    return Place(precedente, remplacee, suivante, tuple(refus))


def _passe(debut: date, clos_jusqu_au: date | None) -> list[Refus]:
    if clos_jusqu_au is None or debut >= clos_jusqu_au:
        return []
    veille = clos_jusqu_au - timedelta(days=1)
    phrase = (
        f"Une période close va jusqu’au {veille:%d/%m/%Y}\u00a0: cette règle en changerait le barème après coup. "
        f"Commencez le {clos_jusqu_au:%d/%m/%Y} au plus tôt\u00a0; un rectificatif, lui, garde les règles d’alors."
    )
    return [Refus("debut", phrase)]


def _avant(precedente: Datee | None, debut: date) -> list[Refus]:
    if precedente is None or precedente.fin is None or precedente.fin >= debut:
        return []
    phrase = (
        f"La règle d’avant finit le {precedente.fin:%d/%m/%Y}\u00a0: rien ne vaudrait jusqu’au {debut:%d/%m/%Y}. "
        "Commencez ce jour-là, ou proposez d’abord une règle, au besoin de montant nul, pour l’intervalle."
    )
    return [Refus("debut", phrase)]


def _apres(suivante: Datee | None, debut: date, fin: date | None) -> list[Refus]:
    if suivante is None or fin == suivante.debut:
        return []
    if fin is None or fin > suivante.debut:
        phrase = (
            f"Une autre règle vaut déjà à partir du {suivante.debut:%d/%m/%Y}\u00a0: finissez ce jour-là."
        )
    else:
        phrase = (
            f"La règle suivante commence le {suivante.debut:%d/%m/%Y}\u00a0: rien ne vaudrait à partir du "
            f"{fin:%d/%m/%Y}. Finissez le {suivante.debut:%d/%m/%Y}."
        )
    return [Refus("fin", phrase)]
