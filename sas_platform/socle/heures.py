"""L’heure telle que tout le produit l’écrit ; pur."""

from __future__ import annotations

from datetime import datetime, time


def heure(instant: time | datetime) -> str:
    """« 9 h », « 14 h 05 » ; espaces insécables. L’instant est déjà à l’heure du lieu."""
    return f"{instant.hour}\u00a0h" + (f"\u00a0{instant.minute:02}" if instant.minute else "")
