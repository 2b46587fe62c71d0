"""Comprendre un lieu tapé, sans réseau."""

from __future__ import annotations

from collections.abc import Iterator

from annuaire.lectures import localiser
from tests.mesures.lignes import Ligne, centile, dire, duree_ms
from tests.mesures.reglages import Reglages

# Ce que l’on tape : un nom, un début de nom, un code postal, une faute, une adresse entière, l’outre-mer.
SAISIES = (
    "Lille",
    "st etienne",
    "59000",
    "Paris 13",
    "marseil",
    "Villeurbane",
    "Saint-Denis",
    "12 rue de la Paix 75002 Paris",
    "3 place de la mairie, Guéret",
    "97400",
    "Cayenne",
    "L'Haÿ-les-Roses",
    "le havre",
    "Creuse",
    "chateauroux",
    "69009 Lyon",
    "Bordeaux cedex",
    "montpelier",
)


def geocodage_local(reglages: Reglages) -> Iterator[Ligne]:
    durees: list[float] = []
    muettes = [saisie for saisie in SAISIES if not localiser(saisie)]
    if muettes:
        dire(f"sans réponse : {', '.join(muettes)}")
    for _ in range(reglages.localisations):
        durees += [duree_ms(localiser, saisie) for saisie in SAISIES]
    yield Ligne("geocodage_local_p50", centile(durees, 50), "ms", n=len(durees))
    yield Ligne("geocodage_local_p95", centile(durees, 95), "ms", n=len(durees))
