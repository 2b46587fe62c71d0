"""Liens de calendrier : les tirer, les renouveler, les révoquer, les lire."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction

from agenda.models import LienCalendrier
from annuaire.models import LieuExercice
from comptes.actions import tracer
from comptes.models import Compte
from comptes.models.acces import empreinte_de

LONGUEUR_MAX = 100


@transaction.atomic
def creer(*, compte: Compte, lieu: LieuExercice | None, maintenant: datetime) -> str:
    """Rend le secret du nouveau lien, qui ne se retrouvera pas ; celui d’avant n’ouvre plus rien."""
    # Le compte, verrouillé, fait passer l’une après l’autre deux fenêtres qui renouvellent le même lien.
    Compte.objects.select_for_update(of=("self",)).get(pk=compte.pk)
    LienCalendrier.objects.filter(compte=compte, lieu=lieu, revoque_le=None).update(revoque_le=maintenant)
    secret = secrets.token_urlsafe(32)
    lien = LienCalendrier.objects.create(
        compte=compte, lieu=lieu, empreinte=empreinte_de(secret), cree_le=maintenant
    )
    tracer(acteur=compte, verbe="calendrier.lien_cree", objet=f"lien_calendrier:{lien.pk}")
    return secret


@transaction.atomic
def revoquer(*, lien: LienCalendrier, auteur: Compte, maintenant: datetime) -> None:
    ouverts = LienCalendrier.objects.filter(pk=lien.pk, revoque_le=None)
    if ouverts.update(revoque_le=maintenant):
        tracer(acteur=auteur, verbe="calendrier.lien_revoque", objet=f"lien_calendrier:{lien.pk}")


def ouvrir(secret: str, *, maintenant: datetime) -> LienCalendrier | None:
    """Le lien que ce secret ouvre, sa lecture notée ; rien s’il est révoqué, ou le compte fermé."""
    if len(secret) > LONGUEUR_MAX:
        return None
    ouverts = LienCalendrier.objects.filter(
        empreinte=empreinte_de(secret), revoque_le=None, compte__is_active=True
    )
    lien = ouverts.select_related("compte").first()
    if lien is not None:
        LienCalendrier.objects.filter(pk=lien.pk).update(lu_le=maintenant)
    return lien
