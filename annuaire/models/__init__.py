"""Qui soigne, et où ; qui agit au nom de qui."""

from annuaire.models.droits import Delegation, DemandeDelegation, Perimetre, Rattachement
from annuaire.models.effecteurs import Effecteur, LieuExercice, Structure
from annuaire.models.referentiels import Besoin, Commune, Departement, Profession, Specialite
from annuaire.models.territoires import RayonTerritoire, Territoire

__all__ = [
    "Besoin",
    "Commune",
    "Delegation",
    "DemandeDelegation",
    "Departement",
    "Effecteur",
    "LieuExercice",
    "Perimetre",
    "Profession",
    "Rattachement",
    "RayonTerritoire",
    "Specialite",
    "Structure",
    "Territoire",
]
