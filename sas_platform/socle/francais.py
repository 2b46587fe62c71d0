"""Jours, heures et listes tels que tout le produit les écrit ; pur."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

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


def periode(debut: datetime, fin: datetime | None) -> str:
    """« du 02/11/2026 au 05/11/2026 » pour des jours entiers, avec les heures sinon ; déjà à l’heure du lieu."""
    if fin is None:
        return f"depuis le {debut:%d/%m/%Y}, pour une durée indéterminée"
    if debut.time() == fin.time() == time.min:
        dernier = fin - timedelta(days=1)
        if dernier.date() == debut.date():
            return f"le {debut:%d/%m/%Y}"
        return f"du {debut:%d/%m/%Y} au {dernier:%d/%m/%Y}"
    if debut.date() == fin.date():
        return f"le {debut:%d/%m/%Y} de {heure(debut)} à {heure(fin)}"
    return f"du {debut:%d/%m/%Y} à {heure(debut)} au {fin:%d/%m/%Y} à {heure(fin)}"


def enumerer(mots: Sequence[str]) -> str:
    """« a », « a et b », « a, b et c » ; vide sans rien."""
    return " et ".join([", ".join(mots[:-1]), mots[-1]] if len(mots) > 1 else mots)
