"""La projection que lit la recherche : reconstruite par une seule fonction (docs/adr/0008).

Les sources sont l’annuaire, la participation, l’agenda saisi, les places
tenues et les agendas d’éditeurs. `rafraichir` recalcule les lieux qu’on lui
nomme et n’écrit que ce qui change.
"""

from agenda.offre.calcul import creneau_offert, lire
from agenda.offre.cartes import (
    CarteAdresse,
    CarteEffecteur,
    CarteStructure,
    CreneauOffert,
    decodeur_carte,
)
from agenda.offre.projection import (
    LOT,
    MASQUES,
    MASQUES_ACCUEIL,
    balayer,
    ecrire,
    lieux_vivants,
    marquer_vivants,
    rafraichir,
    rafraichir_perimees,
    verrouiller,
    verrouiller_ceux_de,
)

__all__ = [
    "LOT",
    "MASQUES",
    "MASQUES_ACCUEIL",
    "CarteAdresse",
    "CarteEffecteur",
    "CarteStructure",
    "CreneauOffert",
    "balayer",
    "creneau_offert",
    "decodeur_carte",
    "ecrire",
    "lieux_vivants",
    "lire",
    "marquer_vivants",
    "rafraichir",
    "rafraichir_perimees",
    "verrouiller",
    "verrouiller_ceux_de",
]
