"""Le lien d’un clic d’un courriel : une orientation, une personne, une issue, et rien d’autre.

Signé et non gardé. L’ouvrir n’écrit rien : les messageries ouvrent les liens
pour les inspecter. Il vaut jusqu’à quinze jours après le rendez-vous.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing

from comptes.models import Compte
from orientation.enums import Issue
from orientation.models import Orientation

VALIDITE = timedelta(days=15)
_SEL = "orientation.issue"


class JetonRefuse(Exception):
    """Refus à montrer tel quel."""


@dataclass(frozen=True, slots=True)
class Demande:
    orientation: Orientation
    compte: Compte
    issue: Issue


def sceller(orientation: Orientation, compte: Compte, issue: Issue) -> str:
    return signing.Signer(salt=_SEL).sign_object([orientation.pk, compte.pk, issue.value], compress=False)


def lire(jeton: str, *, maintenant: datetime) -> Demande:
    """Lève `JetonRefuse` : contrefait, périmé, ou d’un compte qui n’est plus actif."""
    try:
        orientation_id, compte_id, issue = signing.Signer(salt=_SEL).unsign_object(jeton)
    except signing.BadSignature:
        raise JetonRefuse("Ce lien n’est pas valable : il est incomplet ou a été modifié.") from None
    orientation = Orientation.objects.pour_affichage().filter(pk=orientation_id).first()
    compte = Compte.objects.filter(pk=compte_id, is_active=True).first()
    if orientation is None or compte is None:
        raise JetonRefuse("Ce lien n’est plus valable.")
    if maintenant > (orientation.fin or orientation.debut) + VALIDITE:
        raise JetonRefuse(f"Ce lien a expiré, {VALIDITE.days} jours après le rendez-vous.")
    return Demande(orientation, compte, Issue(issue))
