"""De l’offre à la page : textes, cartes, colonnes de jours, créneaux.

C’est le chemin le plus chaud des pages : une carte porte jusqu’à une
cinquantaine de créneaux, et dix cartes passent par ici à chaque recherche. Le
HTML des cartes est donc écrit à la main (docs/adr/0009). Tout texte venu de
dehors passe par `escape`.
"""

from orientation.rendu.carte import Carte, Mobile, adresse, cartes, liste, mobile, sous_titre, titre
from orientation.rendu.creneaux import Liens, colonnes
from orientation.rendu.textes import (
    FUSEAU_DE_PARIS,
    LEGENDE,
    Resume,
    changements,
    fraicheur,
    heure,
    modalites,
    moment,
    resume,
)

__all__ = [
    "FUSEAU_DE_PARIS",
    "LEGENDE",
    "Carte",
    "Liens",
    "Mobile",
    "Resume",
    "adresse",
    "cartes",
    "changements",
    "colonnes",
    "fraicheur",
    "heure",
    "liste",
    "mobile",
    "modalites",
    "moment",
    "resume",
    "sous_titre",
    "titre",
]
