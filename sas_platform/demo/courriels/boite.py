"""La boîte aux lettres de la démonstration : les derniers courriels « envoyés », à lire dans le navigateur.

Les workers y déposent et le site y lit : elle est dans le cache, que les deux partagent.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

CLE = "demo:courriels"
GARDES = 100
DUREE_S = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Recu:
    cle: str
    le: datetime
    destinataire: str
    sujet: str
    texte: str
    html: str


class Boite(BaseEmailBackend):
    """Pour `EMAIL_BACKEND`, hors ligne seulement : ces courriels portent des liens de connexion."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        recus = [_recu(message) for message in email_messages]
        cache.set(CLE, [*reversed(recus), *lire()][:GARDES], DUREE_S)
        return len(recus)


def lire() -> list[Recu]:
    """Du plus récent au plus ancien."""
    recus: list[Recu] = cache.get(CLE, [])
    return recus


def _recu(message: EmailMessage) -> Recu:
    versions = {nature: contenu for contenu, nature in getattr(message, "alternatives", [])}
    return Recu(
        cle=uuid.uuid4().hex,
        le=timezone.now(),
        destinataire=", ".join(message.to),
        sujet=str(message.subject),
        texte=str(message.body),
        html=str(versions.get("text/html", "")),
    )
