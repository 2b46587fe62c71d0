"""Quel lot interroger d’abord, purement : ce qu’il a d’âge, de demande, de participants, et l’heure qu’il est."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from math import log2
from zoneinfo import ZoneInfo

JAMAIS = 10.0  # avancement d’un lot jamais interrogé, dont rien n’est montré
# Un lot cherché une fois est interrogé deux fois plus souvent, sept fois : quatre fois plus ; pas davantage que huit.
POIDS_DEMANDE = 1.0
DEMANDE_MAX = 8.0
POIDS_PARTICIPANTS = 0.5


@dataclass(frozen=True, slots=True)
class Horaires:
    """Poids de l’interrogation selon l’heure : `journee` en semaine, le reste aux heures de permanence."""

    journee: float = 1.0
    soiree: float = 1.0
    nuit: float = 0.5
    fin_de_semaine: float = 1.0
    debut_journee: time = time(8)
    debut_soiree: time = time(20)

    def poids(self, maintenant: datetime, fuseau: ZoneInfo) -> float:
        """Soirée : de 20 h à minuit ; nuit : de minuit à 8 h, samedi et dimanche compris."""
        local = maintenant.astimezone(fuseau)
        if local.time() < self.debut_journee:
            return self.nuit
        if local.weekday() >= 5:
            return self.fin_de_semaine
        return self.soiree if local.time() >= self.debut_soiree else self.journee


def avancement(maintenant: datetime, interroge_le: datetime | None, prochaine_le: datetime | None) -> float:
    """Chemin fait de la dernière interrogation (0) à la suivante (1) ; au-delà, le retard. Ne décroît jamais."""
    if prochaine_le is None:
        return JAMAIS
    if interroge_le is None or interroge_le >= prochaine_le:
        retard = (maintenant - prochaine_le).total_seconds()
        return 1.0 + retard / 300 if retard >= 0 else 0.0
    return max(0.0, (maintenant - interroge_le) / (prochaine_le - interroge_le))


def priorite(*, avancement: float, demande: float, participants: float, horaire: float) -> float:
    """À interroger dès 1, le plus grand d’abord ; croît avec chacun des quatre.

    `demande` : recherches récentes qui ont montré ce lot ; `participants` : part de
    ses effecteurs qui participent ; `horaire` : `Horaires.poids`. Un lot que rien
    ne pousse finit par passer, puisque son avancement n’a pas de borne.
    """
    pression = min(DEMANDE_MAX, 1 + POIDS_DEMANDE * log2(1 + demande))
    return avancement * pression * (1 + POIDS_PARTICIPANTS * participants) * horaire


def demande_recente(comptes: Sequence[int]) -> float:
    """Demande d’un lot d’après ses comptes par tranche, la plus récente d’abord : chacune pèse moins que la suivante."""
    nombre = len(comptes)
    return sum(compte * (nombre - rang) / nombre for rang, compte in enumerate(comptes))
