"""Conditions générales d’utilisation : la dernière version publiée, et qui l’a acceptée."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from comptes.actions import tracer
from comptes.models import AcceptationCGU, Compte, VersionCGU


def en_vigueur(maintenant: datetime) -> VersionCGU | None:
    publiees = VersionCGU.objects.filter(publiee_le__lte=maintenant)
    return publiees.order_by("-publiee_le", "-pk").first()


def a_accepter(compte: Compte, *, maintenant: datetime) -> VersionCGU | None:
    """La version en vigueur si cette personne ne l’a pas acceptée. Une instruction : elle sert à chaque page."""
    acceptee = Exists(AcceptationCGU.objects.filter(compte=compte, version=OuterRef("pk")))
    publiees = (
        VersionCGU.objects.filter(publiee_le__lte=maintenant).defer("texte").annotate(acceptee=acceptee)
    )
    derniere = publiees.order_by("-publiee_le", "-pk").first()
    return derniere if derniere and not derniere.acceptee else None


def accepter(*, compte: Compte, version: VersionCGU, maintenant: datetime) -> None:
    """Garde la preuve de l’acceptation ; accepter deux fois n’en écrit qu’une."""
    with transaction.atomic():
        _, nouvelle = AcceptationCGU.objects.get_or_create(
            compte=compte, version=version, defaults={"le": maintenant}
        )
        if nouvelle:
            tracer(acteur=compte, verbe="cgu.acceptees", objet=f"compte:{compte.pk}", version=version.numero)
