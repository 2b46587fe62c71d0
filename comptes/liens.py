"""Liens reçus par courriel : les tirer, les lire, les consommer une seule fois.

Le secret et le code ne sont connus que de qui lit le courriel ; la base n’en
garde que des empreintes. Le code, court, est lié à son lien et ne souffre que
quelques essais.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from comptes.enums import UsageLien
from comptes.models import Compte, Lien
from comptes.models.acces import empreinte_de

ESSAIS_MAX = 5
LONGUEUR_MAX = 100
_SEL = "comptes.liens.code"


class LienRefuse(Exception):
    """Le lien ou le code n’ouvre rien ; le message est montrable."""

    message = ""

    def __init__(self, lien: Lien | None = None) -> None:
        super().__init__(self.message)
        self.lien = lien


class LienInconnu(LienRefuse):
    message = "Ce lien n’existe pas. Vérifiez qu’il a été copié en entier."


class LienPerime(LienRefuse):
    message = "Ce lien n’est plus valable : il a expiré, il a été remplacé ou il a déjà servi."


class CodeFaux(LienRefuse):
    message = "Ce code n’est pas celui du dernier courriel reçu."


@dataclass(frozen=True, slots=True)
class LienCree:
    """`secret` et `code` ne se retrouvent pas : ils partent dans le courriel, et nulle part ailleurs."""

    lien: Lien
    secret: str
    code: str


@transaction.atomic
def creer(
    *,
    usage: UsageLien,
    email: str,
    duree: timedelta,
    maintenant: datetime,
    compte: Compte | None = None,
    identite: Mapping[str, Any] | None = None,
) -> LienCree:
    """Tire un lien et son code, qui remplacent ceux que la même personne avait demandés.

    La personne est l’identité Pro Santé Connect s’il y en a une, sinon le compte.
    Jamais l’adresse : n’importe qui peut taper celle d’un autre.
    """
    ouverts = Lien.objects.ouverts(maintenant)
    if identite:
        numero = identite["identifiant_national"]
        ouverts.filter(identite__identifiant_national=numero).update(annule_le=maintenant)
    elif compte:
        ouverts.filter(compte=compte, usage=usage).update(annule_le=maintenant)
    secret, code = secrets.token_urlsafe(32), f"{secrets.randbelow(10**6):06d}"
    empreinte = empreinte_de(secret)
    lien = Lien.objects.create(
        usage=usage,
        compte=compte,
        email=email.strip().lower(),
        identite=dict(identite or {}),
        empreinte=empreinte,
        empreinte_code=_empreinte_du_code(empreinte, code),
        cree_le=maintenant,
        expire_le=maintenant + duree,
    )
    return LienCree(lien, secret, code)


def lire(secret: str, *, usage: UsageLien | tuple[UsageLien, ...], maintenant: datetime) -> Lien:
    """Le lien de ce secret, s’il peut encore servir. Lève `LienInconnu` ou `LienPerime` (qui porte le lien)."""
    usages = usage if isinstance(usage, tuple) else (usage,)
    if not secret or len(secret) > LONGUEUR_MAX or not secret.isascii():
        raise LienInconnu
    lien = Lien.objects.select_related("compte").filter(empreinte=empreinte_de(secret)).first()
    if lien is None or lien.usage not in usages:
        raise LienInconnu
    if lien.consomme_le or lien.annule_le or lien.expire_le <= maintenant:
        raise LienPerime(lien)
    return lien


def lire_code(lien_id: int, code: str, *, maintenant: datetime) -> Lien:
    """Le lien `lien_id` si `code` est le sien ; au cinquième code faux, le lien est annulé.

    L’essai est compté avant d’être jugé : des essais simultanés comptent tous.
    À appeler hors d’une transaction, que le refus déferait. Lève `CodeFaux` ou
    `LienPerime`.
    """
    ouverts = Lien.objects.ouverts(maintenant).filter(pk=lien_id, essais_code__lt=ESSAIS_MAX)
    if not ouverts.update(essais_code=F("essais_code") + 1):
        raise LienPerime(Lien.objects.filter(pk=lien_id).first())
    lien = Lien.objects.select_related("compte").get(pk=lien_id)
    chiffres = "".join(code.split())
    if not constant_time_compare(lien.empreinte_code, _empreinte_du_code(lien.empreinte, chiffres)):
        if lien.essais_code >= ESSAIS_MAX:
            Lien.objects.ouverts(maintenant).filter(pk=lien_id).update(annule_le=maintenant)
            raise LienPerime(lien)
        raise CodeFaux(lien)
    return lien


def consommer(lien: Lien, *, maintenant: datetime) -> None:
    """Marque le lien comme servi. Lève `LienPerime` si un autre l’a fait, ou s’il a expiré entre-temps.

    Dans la transaction de ce que le lien permet : si elle échoue, il resservira.
    """
    if not Lien.objects.ouverts(maintenant).filter(pk=lien.pk).update(consomme_le=maintenant):
        lien.refresh_from_db()
        raise LienPerime(lien)
    lien.consomme_le = maintenant


def _empreinte_du_code(empreinte: str, code: str) -> str:
    """Un million de codes s’essaient en un instant : sans la clé du serveur, l’empreinte n’en protège aucun."""
    return salted_hmac(_SEL, f"{empreinte}:{code}", algorithm="sha256").hexdigest()
