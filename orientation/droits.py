"""Ce que le rôle ouvre dans l’acte d’orienter, au-delà de la table des routes (metier.md O-04, S-60)."""

from comptes.enums import Role

REGULE = frozenset({Role.OSNP, Role.REGULATEUR})
ORIENTE_EN_SUS = REGULE
