"""Ce que demande une page de recherche une fois montrée : être comptée, et faire relire ce qu’elle a de trop vieux."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from agenda.actualisation import demander
from orientation.compteurs.prise import Constat, comptee, noter
from orientation.lectures import PageJson, Resultats
from sas_platform.socle.suites import Suites


class Montree(NamedTuple):
    lus: Resultats | PageJson
    constat: Constat
    maintenant: datetime


def _faire(montrees: Sequence[Montree]) -> None:
    """Seule la première page est une recherche."""
    noter([comptee(constat, lus, le) for lus, constat, le in montrees if lus.page == 1])
    demander([lus.lieu_ids for lus, *_ in montrees], montrees[-1].maintenant)


_suites = Suites("recherches", _faire)


def suivre(lus: Resultats | PageJson, constat: Constat, maintenant: datetime) -> None:
    """Note cette page ; le travail se fait dans le dixième de seconde, sans la retarder (docs/adr/0020)."""
    _suites.ajouter(Montree(lus, constat, maintenant))
