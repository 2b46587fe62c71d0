"""Durées en mois, telles que les textes les donnent."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime


def plus_mois(instant: datetime, mois: int) -> datetime:
    """`instant` décalé d’autant de mois (négatif : avant) ; le 31 devient le dernier jour d’un mois plus court."""
    rang = instant.year * 12 + instant.month - 1 + mois
    annee, mois_du_rang = divmod(rang, 12)
    jour = min(instant.day, monthrange(annee, mois_du_rang + 1)[1])
    return instant.replace(year=annee, month=mois_du_rang + 1, day=jour)
