"""Un courtier AMQP 0-9-1 de quelques lignes, sur la boucle locale : ce que fait RabbitMQ, et ce qu’il fait mal.

Il parle le vrai protocole à la vraie bibliothèque : une coupure y est une
coupure, un silence un silence. `consignes` dit, publication après publication,
comment répondre ; au-delà, il confirme.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from amqp.serialization import decode_properties_basic, dumps, loads

CONFIRMER, TAIRE, COUPER, REFUSER, RENDRE, INTERDIRE = (
    "confirmer",
    "taire",
    "couper",
    "refuser",
    "rendre",
    "interdire",
)
_SIMPLES = {  # méthode reçue → méthode rendue, avec ses arguments
    (10, 40): ((10, 41), "s", ("",)),
    (10, 50): ((10, 51), "", ()),
    (20, 10): ((20, 11), "S", ("",)),
    (20, 40): ((20, 41), "", ()),
    (60, 10): ((60, 11), "", ()),
    (85, 10): ((85, 11), "", ()),
}


@dataclass
class Publication:
    echange: str
    cle: str
    obligatoire: bool
    proprietes: dict[str, Any]
    corps: bytes


@dataclass
class Courtier:
    consignes: deque[str] = field(default_factory=deque)
    publications: list[Publication] = field(default_factory=list)
    acquittes: list[int] = field(default_factory=list)
    connexions: int = 0
    files: dict[str, list[bytes]] = field(default_factory=dict)
    _fini: bool = False

    def __enter__(self) -> Courtier:
        self._ecoute = socket.create_server(("127.0.0.1", 0))
        self._fils: list[threading.Thread] = []
        self._prises: list[socket.socket] = []
        self._lancer(self._accueillir)
        return self

    def __exit__(self, *_: object) -> None:
        # Le fil qui attend un client en reçoit un dernier, et voit que c’est fini.
        self._fini = True
        socket.create_connection(self._ecoute.getsockname()).close()
        self._fils[0].join(timeout=5)
        for prise in self._prises:
            _couper(prise)
        for fil in self._fils:
            fil.join(timeout=5)
        self._ecoute.close()

    @property
    def url(self) -> str:
        return f"amqp://sas:sas@127.0.0.1:{self._ecoute.getsockname()[1]}/hub"

    def _lancer(self, fonction: Any, *arguments: Any) -> None:
        fil = threading.Thread(target=fonction, args=arguments, daemon=True)
        self._fils.append(fil)
        fil.start()

    def _accueillir(self) -> None:
        while True:
            prise, _ = self._ecoute.accept()
            self._prises.append(prise)
            if self._fini:
                return
            self.connexions += 1
            self._lancer(_Client(self, prise).servir)


def _couper(prise: socket.socket) -> None:
    with contextlib.suppress(OSError):
        prise.shutdown(socket.SHUT_RDWR)
    prise.close()


class _Client:
    def __init__(self, courtier: Courtier, prise: socket.socket) -> None:
        self.courtier, self.prise = courtier, prise
        self.flux = prise.makefile("rb")
        self.etiquette = 0

    def servir(self) -> None:
        try:
            assert self.flux.read(8) == b"AMQP\x00\x00\x09\x01"
            self._methode(0, (10, 10), "ooFSS", (0, 9, {"product": "essai"}, "PLAIN EXTERNAL", "en_US"))
            while trame := self._lire():
                self._repondre(*trame)
        except (OSError, ValueError):
            pass
        finally:
            self.flux.close()
            _couper(self.prise)

    def _lire(self) -> tuple[int, int, bytes] | None:
        entete = self.flux.read(7)
        if len(entete) < 7:
            return None
        genre, canal, taille = struct.unpack(">BHI", entete)
        return genre, canal, self.flux.read(taille + 1)[:-1]

    def _repondre(self, genre: int, canal: int, charge: bytes) -> None:
        if genre != 1:
            return
        methode = struct.unpack(">HH", charge[:4])
        if methode == (10, 11):
            self._methode(0, (10, 30), "BlB", (0, 131072, 0))
        elif methode in _SIMPLES:
            self._methode(canal, *_SIMPLES[methode])
        elif methode == (60, 40):
            self._publier(canal, charge)
        elif methode == (60, 20):
            self._consommer(canal, charge)
        elif methode == (60, 30):
            self._methode(canal, (60, 31), "s", (loads("sb", charge, 4)[0][0],))
        elif methode == (60, 80):
            self.courtier.acquittes.append(loads("Lb", charge, 4)[0][0])

    def _publier(self, canal: int, charge: bytes) -> None:
        _, echange, cle, obligatoire, _ = loads("Bssbb", charge, 4)[0]
        _, _, entete = self._lire()
        taille = struct.unpack(">Q", entete[4:12])[0]
        corps = b""
        while len(corps) < taille:
            corps += self._lire()[2]
        proprietes = decode_properties_basic(entete, 12)[0]
        recues = self.courtier.publications
        recues.append(Publication(echange, cle, obligatoire, proprietes, corps))
        self.etiquette += 1
        consigne = self.courtier.consignes.popleft() if self.courtier.consignes else CONFIRMER
        if consigne == COUPER:
            raise OSError
        if consigne == INTERDIRE:
            self._methode(canal, (20, 40), "BsBB", (403, "ACCESS_REFUSED - compte secret", 60, 40))
        if consigne == RENDRE:
            self._methode(canal, (60, 50), "Bsss", (312, "NO_ROUTE", echange, cle))
            self._envoyer(2, canal, entete)
            self._envoyer(3, canal, corps)
        if consigne in (CONFIRMER, RENDRE):
            self._methode(canal, (60, 80), "Lb", (self.etiquette, False))
        if consigne == REFUSER:
            self._methode(canal, (60, 120), "Lbb", (self.etiquette, False, False))

    def _consommer(self, canal: int, charge: bytes) -> None:
        _, file, etiquette, *_, sans_reponse = loads("Bssbbbb", charge, 4)[0]
        if not sans_reponse:
            self._methode(canal, (60, 21), "s", (etiquette,))
        for corps in self.courtier.files.get(file, ()):
            self.etiquette += 1
            self._methode(canal, (60, 60), "sLbss", (etiquette, self.etiquette, False, "", file))
            self._envoyer(2, canal, struct.pack(">HHQH", 60, 0, len(corps), 0))
            self._envoyer(3, canal, corps)

    def _methode(self, canal: int, methode: tuple[int, int], forme: str, valeurs: tuple[Any, ...]) -> None:
        self._envoyer(1, canal, struct.pack(">HH", *methode) + dumps(forme, valeurs))

    def _envoyer(self, genre: int, canal: int, charge: bytes) -> None:
        self.prise.sendall(struct.pack(">BHI", genre, canal, len(charge)) + charge + b"\xce")
