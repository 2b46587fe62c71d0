"""Rémunération : barème, périodes et décomptes, exports, contestations. Modèles par sujet."""

from remuneration.models.contestations import Contestation, MessageContestation
from remuneration.models.exports import Colonne, Export
from remuneration.models.periodes import Acte, Calcul, Decompte, Periode
from remuneration.models.regles import Regle, Tranche

__all__ = [
    "Acte",
    "Calcul",
    "Colonne",
    "Contestation",
    "Decompte",
    "Export",
    "MessageContestation",
    "Periode",
    "Regle",
    "Tranche",
]
