"""Ce que django-allauth annonce du second facteur, pour la trace."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.dispatch import receiver

from comptes.actions import tracer


@receiver(authenticator_added, dispatch_uid="comptes.second_facteur_ajoute")
def _ajoute(*, user: Any, authenticator: Authenticator, **kwargs: Any) -> None:
    if authenticator.type == Authenticator.Type.TOTP:
        tracer(acteur=user, verbe="second_facteur.ajoute", objet=f"compte:{user.pk}")


@receiver(authenticator_removed, dispatch_uid="comptes.second_facteur_retire")
def _retire(*, user: Any, authenticator: Authenticator, **kwargs: Any) -> None:
    if authenticator.type == Authenticator.Type.TOTP:
        tracer(acteur=user, verbe="second_facteur.retire", objet=f"compte:{user.pk}")
