"""Où en est la transmission d’un rendez-vous au LRM, dit au régulateur et au support."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from orientation.enums import EtatMessageHub, MotifNonDu
from orientation.models import JournalHub, MessageHub

A_REGARDER = (EtatMessageHub.EN_ERREUR, EtatMessageHub.EXPIRE, EtatMessageHub.ABANDONNE)
RENVOYABLES = (*A_REGARDER, EtatMessageHub.NON_DU)

_COULEURS = {
    EtatMessageHub.ACQUITTE: "success",
    EtatMessageHub.REMIS: "info",
    EtatMessageHub.A_ENVOYER: "new",
    EtatMessageHub.EN_ERREUR: "error",
    EtatMessageHub.EXPIRE: "warning",
    EtatMessageHub.ABANDONNE: "error",
}
_A_NOTER = "Notez ce rendez-vous vous-même dans votre logiciel de régulation."


@dataclass(frozen=True, slots=True)
class EtatLrm:
    """`titre` en quelques mots, `suite` ce que le régulateur doit savoir ou faire."""

    titre: str
    suite: str
    couleur: str


def etat_lrm(rendez_vous_uuid: UUID) -> EtatLrm | None:
    """Rien pour un rendez-vous d’avant l’ouverture de la liaison, dont aucun message ne parle."""
    dernier = MessageHub.objects.du_rendez_vous(rendez_vous_uuid).first()
    return None if dernier is None else EtatLrm(*_dire(dernier), couleur_de(dernier))


def couleur_de(message: MessageHub) -> str:
    return _COULEURS.get(EtatMessageHub(message.etat), "")


def messages() -> QuerySet[MessageHub]:
    """Tout ce que lit la liste, le plus récent d’abord ; le contenu n’en est pas."""
    return MessageHub.objects.select_related("territoire").defer("contenu").order_by("-cree_le", "-pk")


def retours_orphelins() -> QuerySet[JournalHub]:
    return JournalHub.objects.filter(message=None).order_by("-le", "-pk")


def _dire(message: MessageHub) -> tuple[str, str]:
    if message.etat == EtatMessageHub.ACQUITTE:
        return "Transmis au LRM", "Votre logiciel de régulation a accusé réception."
    if message.etat == EtatMessageHub.REMIS:
        return "Transmis au LRM", "Votre logiciel de régulation n’a pas encore accusé réception."
    if message.etat == EtatMessageHub.A_ENVOYER:
        if message.essais:
            return "Transmission au LRM retardée", "Le Hub Santé ne répond pas ; un nouvel essai est prévu."
        return "Transmission au LRM en cours", ""
    if message.etat == EtatMessageHub.NON_DU:
        motif = MotifNonDu(message.motif).label
        return "Non transmis au LRM", f"{motif[0].upper()}{motif[1:]}."
    if message.etat == EtatMessageHub.EN_ERREUR:
        return "Non reçu par le LRM", f"Le message a été refusé. {_A_NOTER}"
    return "Non reçu par le LRM", f"Le message n’a pas pu être remis à temps. {_A_NOTER}"
