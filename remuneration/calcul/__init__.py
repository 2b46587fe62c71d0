"""Le calcul d’une période : règles, actes, décomptes ; clôture et rectificatifs (docs/adr/0029)."""

from remuneration.calcul.actions import (
    ClotureRefusee,
    RectificationRefusee,
    calculer,
    clore,
    ouvrir,
    periode_de,
    rectifier,
)
from remuneration.calcul.ecarts import Ecart, differences
from remuneration.calcul.etapes import CalculClos, CalculEnCours, CalculIncoherent, avancer
from remuneration.calcul.regles import BaremeRefuse

__all__ = [
    "BaremeRefuse",
    "CalculClos",
    "CalculEnCours",
    "CalculIncoherent",
    "ClotureRefusee",
    "Ecart",
    "RectificationRefusee",
    "avancer",
    "calculer",
    "clore",
    "differences",
    "ouvrir",
    "periode_de",
    "rectifier",
]
