"""Ce que l’annuaire sait retrouver : un lieu d’après ce qui est tapé, une spécialité, un nom."""

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
    "LieuIntrouvableError",
    "LieuTrouve",
    "NomTrouve",
    "chercher_noms",
    "chercher_specialites",
    "geocoder",
    "localiser",
    "par_commune",
    "par_position",
]
