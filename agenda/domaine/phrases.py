"""Ce que l’on dit de la répétition d’une disponibilité."""

from __future__ import annotations

from agenda.domaine.recurrence import Regle
from sas_platform.socle.francais import JOURS, enumerer


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
