"""Le journal des appels aux cabinets : ce qu’a donné chacun, lu le jour même par toute la régulation."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from agenda import tenues
from agenda.models import Tenue
from agenda.offre.signal import signaler
from annuaire.models import LieuExercice
from comptes.actions import tracer
from comptes.models import Compte
from orientation.destinataires import territoire_du_regulateur
from orientation.enums import IssueAppel
from orientation.models import Appel, MotifRefus


@transaction.atomic
def noter_appel(
    *,
    acteur: Compte,
    lieu: LieuExercice,
    issue: IssueAppel,
    maintenant: datetime,
    motif: MotifRefus | None = None,
) -> Appel:
    """Ajoute un appel ; s’il n’a rien donné, rend la place que l’on tenait en ce lieu."""
    if issue != IssueAppel.ACCEPTE and Tenue.objects.filter(compte=acteur, disponibilite__lieu=lieu).exists():
        tenues.rendre(compte=acteur, maintenant=maintenant)
    appel = Appel.objects.create(
        acteur=acteur,
        territoire=territoire_du_regulateur(acteur, lieu, maintenant=maintenant),
        lieu=lieu,
        issue=issue,
        motif=motif if issue == IssueAppel.REFUS else None,
        le=maintenant,
    )
    signaler([lieu.pk])
    tracer(acteur=acteur, verbe="appel.note", objet=f"lieu:{lieu.pk}", issue=issue)
    return appel
