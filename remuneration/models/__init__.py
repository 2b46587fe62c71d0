"""Rémunération : barème, périodes et décomptes, exports, contestations. Modèles par sujet."""

from remuneration.models.contestations import Contestation, MessageContestation
from remuneration.models.exports import Colonne, Export
from remuneration.models.mesures import CreneauRecu, MesureMensuelle, MoisMesure
from remuneration.models.periodes import Acte, Calcul, Decompte, Periode
from remuneration.models.regles import Regle, Tranche
from remuneration.models.successions import Succession

__all__ = [
    "Acte",
    "Calcul",
    "Colonne",
    "Contestation",
    "CreneauRecu",
    "Decompte",
    "Export",
    "MessageContestation",
    "MesureMensuelle",
    "MoisMesure",
    "Periode",
    "Regle",
    "Succession",
    "Tranche",
]
