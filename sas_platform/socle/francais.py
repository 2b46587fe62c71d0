"""Jours, heures et listes tels que tout le produit les écrit ; pur."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MOIS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


def heure(instant: time | datetime) -> str:
    """« 9 h », « 14 h 05 » ; espaces insécables. L’instant est déjà à l’heure du lieu."""
    return f"{instant.hour}\u00a0h" + (f"\u00a0{instant.minute:02}" if instant.minute else "")


def date_longue(jour: date) -> str:
    """« 23 novembre 2026 », « 1er janvier 2026 »."""
    numero = "1er" if jour.day == 1 else str(jour.day)
    return f"{numero} {MOIS[jour.month - 1]} {jour.year}"


def jour_long(jour: date) -> str:
    """« lundi 23 novembre 2026 »."""
    return f"{JOURS[jour.weekday()]} {date_longue(jour)}"


def enumerer(mots: Sequence[str]) -> str:
    """« a », « a et b », « a, b et c » ; vide sans rien."""
    return " et ".join([", ".join(mots[:-1]), mots[-1]] if len(mots) > 1 else mots)
