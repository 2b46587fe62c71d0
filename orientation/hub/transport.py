"""AMQP 0-9-1 vers le Hub Santé, par kombu : ce qui part est confirmé, ce qui revient est rendu tel quel.

Un message non confirmé est tenu pour non remis, et repart : le Hub et le LRM
reconnaissent un doublon à son `distributionID`.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import amqp
from django.conf import settings
from kombu import Connection, Consumer, Queue
from kombu.exceptions import OperationalError

PERSISTANT = 2
# Battement du cœur : une liaison morte se voit en moins de deux minutes, même sans rien à dire.
BATTEMENT_S = 60
RETOURS = ("ack", "info")
PAR_LOT = 20

_PANNES = (OSError, OperationalError, amqp.ConnectionError)


class HubInjoignable(Exception):
    """Liaison impossible, perdue, ou confirmation qui ne vient pas : rien ne dit que le message est remis."""


class RemiseRefusee(Exception):
    """Le courtier a répondu non. `sans_destinataire` : il a rendu le message, faute de file où le mettre."""

    def __init__(self, raison: str, *, sans_destinataire: bool = False) -> None:
        super().__init__(raison)
        self.sans_destinataire = sans_destinataire


class Liaison:
    """Une connexion et son canal, ouverts au premier message."""

    def __init__(self, connexion: Connection) -> None:
        self._connexion = connexion
        self._canal: Any = None

    def publier(self, contenu: dict[str, Any], *, distribution_id: str) -> None:
        """Rend la main une fois le message confirmé. Lève `HubInjoignable` ou `RemiseRefusee`."""
        rendus: list[str] = []
        try:
            canal = self._ouvrir()
            canal.events["basic_return"] = {lambda erreur, *_: rendus.append(_raison(erreur))}
            canal.basic_publish_confirm(
                amqp.Message(
                    json.dumps(contenu, ensure_ascii=False).encode(),
                    content_type="application/json",
                    content_encoding="utf-8",
                    delivery_mode=PERSISTANT,
                    message_id=distribution_id,
                ),
                exchange=settings.HUB_ECHANGE,
                routing_key=settings.HUB_CLIENT,
                mandatory=True,
                confirm_timeout=settings.HUB_DELAI_S,
            )
        except amqp.exceptions.MessageNacked:
            raise RemiseRefusee("refusé par le courtier") from None
        except amqp.ChannelError as erreur:
            self._canal = None  # le courtier l’a fermé
            raise RemiseRefusee(_raison(erreur)) from None
        except _PANNES as panne:
            raise HubInjoignable(_raison(panne)) from None
        if rendus:
            raise RemiseRefusee(rendus[0], sans_destinataire=True)

    def _ouvrir(self) -> Any:
        if self._canal is None:
            _connecter(self._connexion)
            self._canal = self._connexion.channel()
        return self._canal


@contextmanager
def ouvrir() -> Iterator[Liaison]:
    """Une liaison qui se ferme sans attendre : une panne à la fermeture ne change rien à ce qui est remis."""
    connexion = _connexion()
    try:
        yield Liaison(connexion)
    finally:
        connexion.release()


def ecouter(
    traiter: Callable[[str, bytes], None], *, continuer: Callable[[], bool], attente_s: float
) -> None:
    """Consomme `<client>.ack` et `<client>.info` tant que `continuer()`.

    `traiter(file, corps)` écrit, puis le message est acquitté : ce qu’un arrêt
    interrompt revient. Lève `HubInjoignable` si la liaison se perd.
    """
    try:
        with _connexion() as connexion:
            _connecter(connexion)
            # Les files sont celles du Hub : on les consomme, on ne les déclare pas.
            files = [Queue(f"{settings.HUB_CLIENT}.{nom}", no_declare=True) for nom in RETOURS]

            def recevoir(message: Any) -> None:
                corps = message.body if isinstance(message.body, bytes) else str(message.body).encode()
                traiter(message.delivery_info["routing_key"], corps)
                message.ack()

            with Consumer(connexion.channel(), files, on_message=recevoir, prefetch_count=PAR_LOT):
                while continuer():
                    try:
                        connexion.drain_events(timeout=attente_s)
                    except TimeoutError:
                        connexion.heartbeat_check()
    except (amqp.ChannelError, *_PANNES) as panne:
        raise HubInjoignable(_raison(panne)) from None


def _connexion() -> Connection:
    adresse = urlsplit(settings.HUB_URL)
    chiffre = adresse.scheme == "amqps"
    return Connection(
        settings.HUB_URL,
        ssl=_tls(adresse.hostname or "") if chiffre else False,
        # Sans identifiant dans l’adresse, le certificat est l’identité.
        login_method="EXTERNAL" if chiffre and not adresse.username else "PLAIN",
        heartbeat=BATTEMENT_S,
        connect_timeout=settings.HUB_DELAI_S,
        transport_options={"read_timeout": settings.HUB_DELAI_S * 2, "write_timeout": settings.HUB_DELAI_S},
    )


def _connecter(connexion: Connection) -> None:
    """Un seul essai : qui rappelle, et quand, se décide ailleurs."""
    connexion.ensure_connection(
        max_retries=1, interval_start=0, interval_step=0, timeout=settings.HUB_DELAI_S
    )


def _tls(hote: str) -> dict[str, Any]:
    return {
        "cert_reqs": ssl.CERT_REQUIRED,
        "server_hostname": hote,
        "tls_minimum_version": ssl.TLSVersion.TLSv1_2,
        "ca_certs": settings.HUB_AUTORITES or None,
        "certfile": settings.HUB_CERTIFICAT or None,
        "keyfile": settings.HUB_CLE or None,
    }


def _raison(erreur: BaseException) -> str:
    """Le genre de la panne et le code du courtier ; jamais son texte, où une adresse ou un compte peut être."""
    code = getattr(erreur, "reply_code", None) or getattr(erreur, "code", None)
    cause = erreur.__cause__ or erreur
    return f"{type(cause).__name__} {code}" if code else type(cause).__name__
