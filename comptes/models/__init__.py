"""Qui agit : comptes, rôles, accès, courriels, trace."""

from comptes.models.acces import AcceptationCGU, Jeton, Lien, Session, SessionOuverte, VersionCGU
from comptes.models.compte import Compte, Habilitation
from comptes.models.courriels import Courriel
from comptes.models.secours import OuvertureSecours
from comptes.models.trace import AncreTrace, Trace

__all__ = [
    "AcceptationCGU",
    "AncreTrace",
    "Compte",
    "Courriel",
    "Habilitation",
    "Jeton",
    "Lien",
    "OuvertureSecours",
    "Session",
    "SessionOuverte",
    "Trace",
    "VersionCGU",
]
