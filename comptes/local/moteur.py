"""Connexion par adresse et mot de passe, à côté de Pro Santé Connect."""

from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend
from django.utils import timezone

from comptes.demandeur import compte_actif
from comptes.models import Compte


class MoteurMotDePasse(AuthenticationBackend):
    """Celui de django-allauth, qui prend le même temps que l’adresse existe ou non."""

    def get_user(self, user_id: int) -> Compte | None:
        return compte_actif(user_id, timezone.now())
