"""Ce que l’annuaire sait retrouver d’après ce qui est tapé : un lieu, une spécialité, un besoin, un nom."""

from annuaire.lectures.besoins import BesoinTrouve, besoins_suggeres, chercher_besoins
from annuaire.lectures.lieux import (
    LieuIntrouvableError,
    LieuTrouve,
    geocoder,
    localiser,
    par_commune,
    par_position,
)
from annuaire.lectures.noms import NomTrouve, chercher_noms, chercher_specialites

__all__ = [
    "BesoinTrouve",
    "LieuIntrouvableError",
    "LieuTrouve",
    "NomTrouve",
    "besoins_suggeres",
    "chercher_besoins",
    "chercher_noms",
    "chercher_specialites",
    "geocoder",
    "localiser",
    "par_commune",
    "par_position",
]
