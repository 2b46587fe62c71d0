"""Quand le mot de passe vaut pour qui se connecte d’ordinaire avec Pro Santé Connect (docs/adr/0012)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.cache import cache

from comptes.connecteurs import psc
from comptes.enums import Role
from comptes.models import Compte, OuvertureSecours

CLE = "comptes:psc_repond"
# Assez court pour ouvrir dès la panne et refermer dès la reprise, assez long pour ne pas ajouter à la charge.
DUREE_S = 30

EXIGENT_SECOND_FACTEUR = frozenset({Role.GESTIONNAIRE_COMPTES, Role.ADMINISTRATEUR, Role.SUPPORT})


def concerne(compte: Compte) -> bool:
    """Vrai pour qui a un identifiant national : sa porte est Pro Santé Connect, le mot de passe un secours."""
    return bool(compte.identifiant_national)


def est_ouverte(*, maintenant: datetime) -> bool:
    if settings.CONNEXION_SECOURS == "fermee":
        return False
    if OuvertureSecours.objects.en_cours(maintenant).exists():
        return True
    return settings.CONNEXION_SECOURS == "auto" and not _psc_repond()


def exige_second_facteur(compte: Compte) -> bool:
    """Vrai pour un gestionnaire, et pour toute connexion de secours : un mot de passe ne leur suffit pas."""
    return concerne(compte) or compte.a_un_role(EXIGENT_SECOND_FACTEUR)


def _psc_repond() -> bool:
    repond: bool | None = cache.get(CLE)
    if repond is None:
        repond = psc.repond()
        cache.set(CLE, repond, DUREE_S)
    return repond
