"""Retrouver dans une page les créneaux déjà lus d’un effecteur, et l’en couper avant de la lire.

D’une interrogation à l’autre, neuf effecteurs sur dix n’ont pas changé et leurs entrées se suivent :
les mêmes octets disent la même chose, les décoder n’apprendrait rien. Ce qui n’est pas retrouvé
ainsi se lit entrée par entrée.
"""

from __future__ import annotations

from array import array
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from secrets import token_hex
from zlib import crc32

from msgspec import Raw
from xxhash import xxh3_128_hexdigest

from agenda.editeurs.verdicts import Memoire

PREMIERS = 100  # octets : de quoi atteindre l’id du créneau, après son type ou son adresse
AMORCE_MIN = 16  # commune à moins d’octets, l’amorce se trouverait partout
# Mise à la place d’une suite coupée. Au hasard : un éditeur ne peut pas l’écrire.
MARQUE = Raw(b'"%s"' % token_hex(16).encode())


def signer(octets: bytes | memoryview) -> str:
    """128 bits sans clé : qui en fabriquerait deux égales ne tromperait que sur son propre agenda."""
    return xxh3_128_hexdigest(octets)


def premiers_octets(suite: bytes) -> str:
    """Un caractère par octet. Vide si la suite est trop courte pour se chercher."""
    return suite[:PREMIERS].decode("latin-1") if len(suite) > PREMIERS else ""


def ecrire_ids(ids: Iterable[str]) -> str:
    return b64encode(array("I", _sommes(ids)).tobytes()).decode()


class Decoupe:
    """Les pages d’une réponse, au fil de leur arrivée, sans ce que l’on en connaît.

    `restes` : ces pages, chaque suite d’octets retenue remplacée par `MARQUE` ; `trouves` : à qui elles étaient.
    Chaque effecteur n’est cherché qu’une fois : répéter son premier créneau ne coûte rien à personne.
    """

    def __init__(self, memoires: Mapping[str, Memoire], pages: Iterable[bytes] = ()) -> None:
        self.memoires = memoires
        self.trouves: set[str] = set()
        self._a_trouver = {
            memoire.premiers.encode("latin-1"): i for i, memoire in memoires.items() if memoire.premiers
        }
        self._amorce = _debut_commun(self._a_trouver)
        self.restes: list[bytes] = []
        for page in pages:
            self.couper(page)

    def couper(self, page: bytes) -> bytes:
        """Le reste de cette page."""
        vue, coupes, ici = memoryview(page), [0], 0
        if len(self._amorce) < AMORCE_MIN:
            self._a_trouver.clear()
        while self._a_trouver and (debut := page.find(self._amorce, ici)) >= 0:
            ici = debut + len(self._amorce)
            identifiant = self._a_trouver.pop(page[debut : debut + PREMIERS], "")
            if not identifiant:
                continue
            fin = debut + self.memoires[identifiant].taille
            if signer(vue[debut:fin]) == self.memoires[identifiant].signature:
                self.trouves.add(identifiant)
                coupes += debut, fin
                ici = fin
        coupes.append(len(page))
        reste = bytes(MARQUE).join([vue[debut:fin] for debut, fin in pairwise(coupes)][::2])
        self.restes.append(reste)
        return reste


def _debut_commun(textes: Collection[bytes]) -> bytes:
    """Celui que partagent le premier et le dernier par ordre alphabétique : les autres sont entre eux."""
    un, autre = min(textes, default=b""), max(textes, default=b"")
    return un[: next((rang for rang, (a, b) in enumerate(zip(un, autre, strict=False)) if a != b), len(un))]


def separateur(pages: Sequence[bytes], brutes: Sequence[Raw]) -> bytes:
    """Ce qui sépare les deux premières entrées, et les autres de même, chez qui écrit du JSON."""
    if len(brutes) > 1:
        debut = pages[0].find(brutes[0]) + len(brutes[0])
        entre = pages[0][debut : pages[0].find(brutes[1], debut)]
        if entre.strip() == b",":
            return entre
    return b","


def un_id_se_repete(lus: Sequence[str], reconnues: Iterable[Memoire]) -> bool:
    """Parmi les créneaux lus et ceux que l’on n’a pas lus ; vrai à tort d’une réponse sur vingt mille, qui se relit."""
    if len(set(lus)) < len(lus):
        return True
    sommes = array("I")
    for memoire in reconnues:
        sommes.frombytes(b64decode(memoire.ids))
    if not sommes:
        return False
    sommes.extend(_sommes(lus))
    return len(set(sommes)) < len(sommes)


def _sommes(ids: Iterable[str]) -> list[int]:
    return [crc32(un.encode()) for un in ids]
