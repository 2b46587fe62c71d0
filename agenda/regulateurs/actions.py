"""Renvoyer à la main l’état d’un compte à un éditeur."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from agenda.models import CopieRegulateur, EnvoiRegulateur
from agenda.regulateurs.comparaison import accorder, voulu
from agenda.tasks import envoyer_regulateurs_a
from comptes.actions import tracer
from comptes.models import Compte


class RenvoiRefuse(Exception):
    """Refus à montrer tel quel."""


@transaction.atomic
def renvoyer(*, copie: CopieRegulateur, acteur: Compte, maintenant: datetime) -> EnvoiRegulateur:
    """Redit tout, même ce que l’éditeur a acquitté : il peut l’avoir perdu. Lève `RenvoiRefuse`."""
    tenue = CopieRegulateur.objects.select_for_update(of=("self",)).select_related("compte").get(pk=copie.pk)
    tenue.empreinte = ""
    tenue.save(update_fields=["empreinte"])
    cible = voulu(tenue.compte, instant=maintenant)
    envoi = accorder(tenue, cible, maintenant=maintenant, relance=True)
    if envoi is None:
        raise RenvoiRefuse(
            f"Rien à envoyer\u00a0: il manque {cible.manques}."
            if cible.manques
            else "Rien à envoyer\u00a0: ce compte ne régule plus, et l’éditeur le sait."
        )
    tracer(
        acteur=acteur,
        verbe="regulateur.renvoye",
        objet=f"compte:{tenue.compte_id}",
        editeur=tenue.editeur_id,
    )
    transaction.on_commit(lambda: envoyer_regulateurs_a.delay(editeur_id=tenue.editeur_id), robust=True)
    return envoi
