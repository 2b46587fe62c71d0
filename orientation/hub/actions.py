"""Renvoyer à la main ce qui n’est pas parti ou n’est pas arrivé."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from comptes.actions import tracer
from comptes.models import Compte
from orientation.hub.annonces import reprendre
from orientation.hub.lectures import RENVOYABLES
from orientation.models import MessageHub


class RenvoiRefuse(Exception):
    """Refus à montrer tel quel."""


@transaction.atomic
def renvoyer(*, message: MessageHub, acteur: Compte, maintenant: datetime) -> MessageHub:
    """Écrit un nouveau message, d’après ce que le rendez-vous est aujourd’hui.

    Lève `RenvoiRefuse` si celui-ci suit encore son cours, ou si un plus récent l’a remplacé.
    """
    tenu = MessageHub.objects.select_for_update(of=("self",)).get(pk=message.pk)
    if tenu.etat not in RENVOYABLES:
        raise RenvoiRefuse("Ce message suit son cours : il n’est pas à renvoyer.")
    if MessageHub.objects.du_rendez_vous(tenu.rendez_vous_uuid).first() != tenu:
        raise RenvoiRefuse("Un message plus récent parle déjà de ce rendez-vous.")
    suivant = reprendre(tenu, maintenant=maintenant)
    tracer(acteur=acteur, verbe="message_hub.renvoye", objet=f"message_hub:{tenu.pk}", suivant=suivant.pk)
    return suivant
