"""Annoncer un rendez-vous au LRM : le message s’écrit dans la transaction de ce qu’il annonce, ou pas du tout."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from orientation.domaine.message_hub import Enveloppe, message
from orientation.enums import EtatMessageHub, EvenementHub, MethodeHub, MotifNonDu, OrigineHub, StatutHub
from orientation.hub.destinataires import lrm_de
from orientation.hub.sources import Source, depuis_orientation, depuis_rendez_vous, regulateur
from orientation.models import MessageHub, Orientation, RendezVous
from orientation.tasks import envoyer_messages_hub


def annoncer_orientation(orientation: Orientation, *, maintenant: datetime) -> MessageHub:
    """Une orientation enregistrée ou annulée. Ne lève rien que la base ne lève : orienter passe d’abord."""
    # Enregistrée à l’instant, elle n’a pas encore de message : il n’y a pas à en chercher.
    methode = MethodeHub.MODIFICATION if orientation.annulee_le else MethodeHub.CREATION
    return _annoncer(depuis_orientation(orientation), maintenant=maintenant, methode=methode)


def annoncer_rendez_vous(rendez_vous: RendezVous, *, maintenant: datetime) -> MessageHub:
    """Un rendez-vous que l’éditeur crée ou change : horaire, statut, professionnel."""
    return _annoncer(depuis_rendez_vous(rendez_vous), maintenant=maintenant)


@transaction.atomic
def reprendre(
    precedent: MessageHub, *, maintenant: datetime, methode: MethodeHub | None = None, reprises: int = 0
) -> MessageHub:
    """Redit le rendez-vous d’un message, tel qu’il est aujourd’hui, sous un nouvel identifiant et de nouvelles dates."""
    suivant = _annoncer(_source(precedent), maintenant=maintenant, methode=methode)
    suivant.precedent, suivant.reprises = precedent, reprises
    suivant.save(update_fields=["precedent", "reprises"])
    precedent.noter(EvenementHub.RENVOYE, le=maintenant, detail=suivant.distribution_id)
    return suivant


def _source(message: MessageHub) -> Source:
    if message.origine == OrigineHub.RENDEZ_VOUS:
        return depuis_rendez_vous(RendezVous.objects.get(uuid=message.rendez_vous_uuid))
    return depuis_orientation(Orientation.objects.get(uuid=message.rendez_vous_uuid))


def _annoncer(source: Source, *, maintenant: datetime, methode: MethodeHub | None = None) -> MessageHub:
    methode = methode or _methode(source)
    ecrit = MessageHub(
        # Unique dans tout le Hub : l’identifiant de l’expéditeur, puis le nôtre.
        distribution_id=f"{settings.HUB_CLIENT}_{uuid.uuid4()}",
        origine=source.origine,
        rendez_vous_uuid=source.uuid,
        methode=methode,
        statut=source.statut,
        cree_le=maintenant,
        prochain_essai_le=maintenant,
    )
    refus = _motif_ou_contenu(ecrit, source, methode, maintenant)
    if refus is not None:
        ecrit.etat, ecrit.motif = EtatMessageHub.NON_DU, refus
    ecrit.save()
    if refus is None:
        transaction.on_commit(envoyer_messages_hub.delay, robust=True)
    return ecrit


def _motif_ou_contenu(
    ecrit: MessageHub, source: Source, methode: MethodeHub, maintenant: datetime
) -> MotifNonDu | None:
    """Remplit le message, ou rend la raison pour laquelle il n’a pas à partir."""
    if not settings.HUB_URL:
        return MotifNonDu.HUB_FERME
    if source.acteur is None:
        return MotifNonDu.REGULATEUR_INCONNU
    qui = regulateur(source.acteur)
    if not qui.est_complet:
        return MotifNonDu.REGULATEUR_INCOMPLET
    vers = lrm_de(source.acteur, source.lieu, maintenant=maintenant)
    if isinstance(vers, MotifNonDu):
        return vers
    ecrit.territoire, ecrit.destinataire = vers, vers.samu
    ecrit.expire_le = maintenant + timedelta(hours=settings.HUB_VALIDITE_H)
    enveloppe = Enveloppe(
        distribution_id=ecrit.distribution_id,
        emetteur=settings.HUB_CLIENT,
        destinataire=vers.samu,
        emise_le=maintenant,
        expire_le=ecrit.expire_le,
    )
    ecrit.contenu = message(source.publier(qui), methode, enveloppe)
    return None


def _methode(source: Source) -> MethodeHub:
    """Une création tant que rien n’est parti ; une annulation modifie toujours (fhir.md § 8)."""
    deja = MessageHub.objects.filter(rendez_vous_uuid=source.uuid).exclude(etat=EtatMessageHub.NON_DU)
    if source.statut == StatutHub.ANNULE or deja.exists():
        return MethodeHub.MODIFICATION
    return MethodeHub.CREATION
