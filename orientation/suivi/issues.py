"""Dire ce qu’est devenue une orientation : un fait daté de plus, jamais un ancien récrit (docs/adr/0024)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from comptes.actions import tracer
from comptes.models import Compte
from orientation.enums import Issue, SourceIssue, StatutRendezVous
from orientation.models import IssueOrientation, Orientation, RendezVous

_D_EDITEUR = {
    StatutRendezVous.HONORE: Issue.VENU,
    StatutRendezVous.ABSENT: Issue.PAS_VENU,
    StatutRendezVous.ANNULE: Issue.ANNULE,
}


class IssueRefusee(Exception):
    """Refus à montrer tel quel."""


@transaction.atomic
def noter(
    *,
    orientation: Orientation,
    issue: Issue,
    source: SourceIssue,
    acteur: Compte | None,
    maintenant: datetime,
) -> IssueOrientation:
    """Ajoute une issue, ou rend la dernière si elle dit déjà cela : un second clic n’ajoute rien.

    Lève `IssueRefusee` : orientation annulée, ou rendez-vous encore à venir.
    """
    tenue = Orientation.objects.select_for_update(of=("self",), no_key=True).get(pk=orientation.pk)
    if refus := refus_de_noter(tenue, issue, maintenant):
        raise IssueRefusee(refus)
    derniere = IssueOrientation.objects.filter(orientation=tenue).order_by("-le", "-pk").first()
    if derniere is not None and derniere.issue == issue:
        return derniere
    dite = IssueOrientation.objects.create(
        orientation=tenue, issue=issue, source=source, acteur=acteur, le=maintenant
    )
    tracer(
        acteur=acteur,
        verbe="orientation.issue",
        objet=f"orientation:{tenue.uuid}",
        lieu=tenue.lieu_id,
        issue=issue,
        source=source,
    )
    return dite


def refus_de_noter(orientation: Orientation, issue: Issue, maintenant: datetime) -> str:
    """Pourquoi cette issue ne se dit pas, ou pas encore ; vide si elle se dit."""
    if orientation.annulee_le is not None:
        return "Cette orientation a été annulée par la régulation : elle n’a plus d’issue."
    if issue != Issue.ANNULE and maintenant < orientation.debut:
        return "Le rendez-vous n’a pas encore eu lieu."
    return ""


def noter_d_apres_l_editeur(rendez_vous: RendezVous, *, maintenant: datetime) -> IssueOrientation | None:
    """Ce que le logiciel dit d’un rendez-vous né d’une orientation ; rien si cela ne dit pas d’issue, ou n’en attend plus.

    Ce qu’il redit sans rien changer n’efface pas ce que le professionnel a répondu depuis.
    """
    issue = _D_EDITEUR.get(StatutRendezVous(rendez_vous.statut))
    if issue is None or rendez_vous.orientation is None:
        return None
    deja_dites = IssueOrientation.objects.filter(
        orientation=rendez_vous.orientation, source=SourceIssue.EDITEUR
    )
    derniere = deja_dites.order_by("-le", "-pk").first()
    if derniere is not None and derniere.issue == issue:
        return None
    try:
        return noter(
            orientation=rendez_vous.orientation,
            issue=issue,
            source=SourceIssue.EDITEUR,
            acteur=None,
            maintenant=maintenant,
        )
    except IssueRefusee:
        return None
