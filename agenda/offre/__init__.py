"""La projection que lit la recherche : reconstruite par une seule fonction (docs/adr/0008).

Les sources sont l’annuaire, la participation, l’agenda saisi, les places
tenues et les agendas d’éditeurs. `rafraichir` recalcule les lieux qu’on lui
nomme et n’écrit que ce qui change.
"""

from agenda.offre.calcul import creneaux_du_lieu
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
    balayer,
    lieux_vivants,
    marquer_vivants,
    rafraichir,
    rafraichir_perimees,
)

__all__ = [
    "LOT",
    "MASQUES",
    "CarteAdresse",
    "CarteEffecteur",
    "CarteStructure",
    "CreneauOffert",
    "balayer",
    "creneaux_du_lieu",
    "decodeur_carte",
    "lieux_vivants",
    "marquer_vivants",
    "rafraichir",
    "rafraichir_perimees",
]
