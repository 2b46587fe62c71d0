"""Ce que le Hub et le LRM répondent : rattaché au message d’origine, ou gardé à part ; rejouable."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.db import transaction

from orientation.domaine.retours_hub import Acquittement, Erreur, RetourIllisible, Suite, lire
from orientation.enums import EtatMessageHub, EvenementHub, MethodeHub
from orientation.hub.annonces import reprendre
from orientation.models import JournalHub, MessageHub
from orientation.models.hub import REPRISES_MAX

_METHODES = {Suite.CREER: MethodeHub.CREATION, Suite.MODIFIER: MethodeHub.MODIFICATION}


@transaction.atomic
def recevoir(corps: bytes, *, maintenant: datetime) -> JournalHub | None:
    """Écrit ce que dit ce retour ; rien s’il a déjà été reçu. Ne lève que les pannes de la base.

    Un retour illisible s’écarte en une ligne, sans son contenu : il ne reviendra
    pas bloquer la file.
    """
    empreinte = hashlib.sha256(corps).hexdigest()
    try:
        retour = lire(corps)
    except RetourIllisible as refus:
        detail = f"{refus} ({len(corps)} octets)"
        return _ecrire(empreinte, maintenant, evenement=EvenementHub.ILLISIBLE, detail=detail)
    messages = MessageHub.objects.select_for_update(of=("self",))
    message = messages.filter(distribution_id=retour.reference).first() if retour.reference else None
    ecrite = _ecrire(empreinte, maintenant, message=message, reference=retour.reference, **_decrire(retour))
    if ecrite is not None and message is not None:
        if isinstance(retour, Acquittement):
            _acquitter(message, retour)
        else:
            _refuser(message, retour, maintenant)
    return ecrite


def _ecrire(empreinte: str, maintenant: datetime, **champs: Any) -> JournalHub | None:
    """Rien si ce retour est déjà écrit : de deux processus qui le reçoivent, la base laisse passer le premier."""
    ligne, creee = JournalHub.objects.get_or_create(
        empreinte=empreinte, defaults={"le": maintenant, **champs}
    )
    return ligne if creee else None


def _decrire(retour: Acquittement | Erreur) -> dict[str, Any]:
    if isinstance(retour, Acquittement):
        evenement = EvenementHub.REFUSE if retour.refuse else EvenementHub.ACQUITTE
        return {"evenement": evenement, "detail": retour.etape}
    detail = " : ".join(filter(None, (retour.titre, retour.cause)))[:500]
    return {"evenement": EvenementHub.ERREUR, "code": retour.code, "detail": detail}


def _acquitter(message: MessageHub, retour: Acquittement) -> None:
    """Un acquittement tardif vaut encore, sauf après un refus : ce que l’on sait de mauvais reste visible."""
    if retour.refuse:
        message.etat = EtatMessageHub.EN_ERREUR
    elif message.etat != EtatMessageHub.EN_ERREUR:
        message.etat = EtatMessageHub.ACQUITTE
    message.save(update_fields=["etat"])


def _refuser(message: MessageHub, erreur: Erreur, maintenant: datetime) -> None:
    suite = erreur.connue.suite
    message.etat = EtatMessageHub.EN_ERREUR
    message.save(update_fields=["etat"])
    # Un message plus récent du même rendez-vous en dit déjà tout : rien à redire.
    dernier = MessageHub.objects.du_rendez_vous(message.rendez_vous_uuid).first()
    if suite is Suite.REFUS or dernier != message or message.reprises >= REPRISES_MAX:
        return
    methode = _METHODES.get(suite, MethodeHub(message.methode))
    reprendre(message, maintenant=maintenant, methode=methode, reprises=message.reprises + 1)
