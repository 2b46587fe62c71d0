"""Remettre au Hub Santé les messages dus, dans l’ordre, et clore ceux qui ne partiront plus."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import transaction
from redis.exceptions import RedisError

from orientation.enums import EtatMessageHub, EvenementHub
from orientation.hub import transport
from orientation.hub.validation import defauts
from orientation.models import MessageHub

LOT_MAX = 200
# Après une panne du Hub, aucun processus ne le rappelle pendant ce temps. Chaque annonce lance une tâche, que le
# délai d’une liaison retiendrait : la file sert aussi aux retraits de droit et aux courriels.
PAUSE = timedelta(seconds=30)
_CLE_PAUSE = "hub:pause"


def envoyer_dus(*, maintenant: datetime) -> int:
    """Rend le nombre de messages remis. Une liaison perdue arrête le lot : le reste attend le passage suivant."""
    clore_les_perimes(maintenant=maintenant)
    dus = MessageHub.objects.dus(maintenant).order_by("pk")
    numeros = list(dus.values_list("pk", flat=True)[:LOT_MAX])
    remis = 0
    if not numeros or _est_en_pause(maintenant):
        return remis
    with transport.ouvrir() as liaison:
        for numero in numeros:
            try:
                remis += _envoyer(numero, liaison, maintenant)
            except transport.HubInjoignable:
                _faire_une_pause(maintenant)
                break
    return remis


def _est_en_pause(maintenant: datetime) -> bool:
    try:
        jusqu_a: datetime | None = cache.get(_CLE_PAUSE)
    except RedisError:
        return False
    return jusqu_a is not None and maintenant < jusqu_a


def _faire_une_pause(maintenant: datetime) -> None:
    with suppress(RedisError):
        cache.set(_CLE_PAUSE, maintenant + PAUSE, PAUSE.total_seconds())


def clore_les_perimes(*, maintenant: datetime) -> None:
    with transaction.atomic():
        perimes = MessageHub.objects.perimes(maintenant).select_for_update(of=("self",), skip_locked=True)
        for message in perimes.order_by("pk")[:LOT_MAX]:
            muet = message.etat == EtatMessageHub.REMIS
            detail = "remis, mais le LRM n’a rien répondu" if muet else "jamais remis"
            message.passer_a(EtatMessageHub.EXPIRE, EvenementHub.EXPIRE, le=maintenant, detail=detail)


def _envoyer(numero: int, liaison: transport.Liaison, maintenant: datetime) -> bool:
    """Un message, sous le verrou de sa ligne : deux processus n’envoient pas le même.

    Lève `HubInjoignable` une fois l’échec écrit.
    """
    panne: transport.HubInjoignable | None = None
    remis = False
    with transaction.atomic():
        dus = MessageHub.objects.dus(maintenant).select_for_update(of=("self",), skip_locked=True)
        message = dus.filter(pk=numero).first()
        if message is None:
            return False
        assert message.contenu is not None  # un message dû en a un
        if trouves := defauts(message.contenu):
            message.passer_a(
                EtatMessageHub.EN_ERREUR,
                EvenementHub.INVALIDE,
                le=maintenant,
                detail=" ; ".join(trouves)[:500],
            )
            return False
        try:
            liaison.publier(message.contenu, distribution_id=message.distribution_id)
        except transport.RemiseRefusee as refus:
            evenement = EvenementHub.NON_ROUTE if refus.sans_destinataire else EvenementHub.ECHEC
            message.noter_echec(evenement, le=maintenant, detail=str(refus))
        except transport.HubInjoignable as erreur:
            message.noter_echec(EvenementHub.ECHEC, le=maintenant, detail=str(erreur))
            panne = erreur
        else:
            message.marquer_remis(le=maintenant)
            remis = True
    if panne is not None:
        raise panne
    return remis
