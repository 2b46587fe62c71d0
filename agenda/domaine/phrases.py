"""Ce que l’on dit d’une disponibilité : son jour, sa répétition."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from agenda.domaine.recurrence import Regle

JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MOIS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def jour_long(jour: date) -> str:
    """« lundi 23 novembre 2026 »."""
    numero = "1er" if jour.day == 1 else str(jour.day)
    return f"{JOURS[jour.weekday()]} {numero} {MOIS[jour.month - 1]} {jour.year}"


def enumerer(mots: Sequence[str]) -> str:
    """« a », « a et b », « a, b et c »."""
    return " et ".join([", ".join(mots[:-1]), mots[-1]] if len(mots) > 1 else mots)


def repetition(regle: Regle) -> str:
    """« chaque lundi et mardi, jusqu’au 31/12/2026 » ; vide si elle n’a lieu qu’une fois."""
    if not regle.jours:
        return ""
    jours = enumerer([JOURS[jour - 1] for jour in sorted(regle.jours)])
    if regle.jours == frozenset(range(1, 8)):
        jours = "jour"
    n = regle.toutes_les_n_semaines
    phrase = f"chaque {jours}" if n == 1 else f"toutes les {n} semaines, le {jours}"
    return phrase + (f", jusqu’au {regle.dernier_jour:%d/%m/%Y}" if regle.dernier_jour else "")
