"""Retrouver dans une réponse les créneaux déjà lus d’un effecteur, sans les lire de nouveau.

D’une interrogation à l’autre, neuf effecteurs sur dix n’ont pas changé et leurs entrées se
suivent : leurs octets suffisent. Ce qui n’est pas retrouvé ainsi se lit entrée par entrée.
"""

from __future__ import annotations

from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from zlib import crc32

from msgspec import Raw

from agenda.editeurs.verdicts import Memoire


def signer(bruts: Iterable[Raw]) -> str:
    return sha256(b"".join(bruts)).hexdigest()


def tete(bruts: Sequence[Raw]) -> int:
    """Où commence une suite, à une collision près : la signature de la suite en décide."""
    return crc32(bruts[0]) if bruts else 0


def ecrire_ids(ids: Iterable[str]) -> str:
    return b64encode(array("I", _sommes(ids)).tobytes()).decode()


def suites_connues(
    brutes: Sequence[Raw], memoires: Mapping[str, Memoire]
) -> tuple[dict[str, range], Sequence[int]]:
    """Rangs des entrées qui sont, octet pour octet, les créneaux retenus d’un effecteur ; et les autres rangs.

    Chaque effecteur n’est cherché qu’une fois : répéter son premier créneau ne coûte rien à personne.
    """
    tetes = {memoire.tete: identifiant for identifiant, memoire in memoires.items() if memoire.creneaux}
    if not tetes:
        return {}, range(len(brutes))
    suites: dict[str, range] = {}
    autres: list[int] = []
    rang = 0
    while rang < len(brutes):
        identifiant = tetes.pop(crc32(brutes[rang]), "")
        if identifiant:
            memoire = memoires[identifiant]
            suite = range(rang, rang + memoire.creneaux)
            if signer(brutes[rang : suite.stop]) == memoire.signature:
                suites[identifiant] = suite
                rang = suite.stop
                continue
        autres.append(rang)
        rang += 1
    return suites, autres


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
