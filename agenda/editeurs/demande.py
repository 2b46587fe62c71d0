"""Ce qui vient d’être cherché, par lot d’éditeur : des numéros de lots et des nombres, jamais une adresse.

Une recherche compte pour les lots des cartes qu’elle a montrées, dans la tranche de
quinze minutes en cours ; les tranches s’effacent d’elles-mêmes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import cast

from agenda.domaine.priorite import demande_recente
from sas_platform.socle.courtier import connexion, script

TRANCHE = timedelta(minutes=15)
TRANCHES = 8
# ARGV : ce que vit une tranche, puis chaque lot et son nombre.
_NOTER = """
for rang = 2, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[rang], ARGV[rang + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
"""


def noter(recherches: Mapping[int, int], maintenant: datetime) -> None:
    """Ajoute à chacun de ces lots les recherches qui l’ont montré."""
    if recherches:
        duree_s = TRANCHE * (TRANCHES + 1) // timedelta(seconds=1)
        script(_NOTER)([_cle(_rang(maintenant))], [duree_s, *chain.from_iterable(recherches.items())])


def lire(maintenant: datetime) -> dict[int, float]:
    """Demande récente de chaque lot cherché depuis deux heures ; les tranches anciennes pèsent moins."""
    rang = _rang(maintenant)
    with connexion().pipeline(transaction=False) as envoi:
        for recul in range(TRANCHES):
            envoi.hgetall(_cle(rang - recul))
        tranches = cast(list[dict[bytes, bytes]], envoi.execute())
    comptes: dict[int, list[int]] = defaultdict(lambda: [0] * TRANCHES)
    for recul, tranche in enumerate(tranches):
        for lot, compte in tranche.items():
            comptes[int(lot)][recul] = int(compte)
    return {lot: demande_recente(siens) for lot, siens in comptes.items()}


def _rang(maintenant: datetime) -> int:
    return int(maintenant.timestamp() // TRANCHE.total_seconds())


def _cle(rang: int) -> str:
    return f"sas:demande:{rang}"
