"""Ce qui s’écrit sur un compte : chaque geste en une transaction, vérifié sous verrou, tracé en dernier."""

from annuaire.gestion.actions.cloture import desactiver, reactiver, supprimer
from annuaire.gestion.actions.courriels import renvoyer_bienvenue
from annuaire.gestion.actions.creation import creer, creer_tous, modifier
from annuaire.gestion.actions.refus import (
    CompteDeborde,
    CompteRefuse,
    EmailPris,
    EtatChange,
    IdentifiantPris,
    LotRefuse,
)

__all__ = [
    "CompteDeborde",
    "CompteRefuse",
    "EmailPris",
    "EtatChange",
    "IdentifiantPris",
    "LotRefuse",
    "creer",
    "creer_tous",
    "desactiver",
    "modifier",
    "reactiver",
    "renvoyer_bienvenue",
    "supprimer",
]
