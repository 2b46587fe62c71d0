"""Fichiers d’extraction : texte ou archive, encodage reconnu, lus en flux."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

LIGNE_MAX = 100_000  # octets : au-delà ce n’est pas une extraction


class FichierInattenduError(Exception):
    """Le fichier n’est pas celui qu’on attend, ou il est abîmé ; le message est montrable."""


@contextmanager
def ouvrir(chemin: Path, *, membre: str = "") -> Iterator[IO[bytes]]:
    """Octets du fichier ; d’une archive .zip, le membre dont le nom contient `membre`, ou le seul.

    Lève `FichierInattenduError` : introuvable, vide, archive abîmée, membre absent.
    """
    if not chemin.is_file():
        raise FichierInattenduError(f"Fichier introuvable : {chemin.name}")
    if not chemin.stat().st_size:
        raise FichierInattenduError("Le fichier est vide.")
    if chemin.suffix.lower() != ".zip":
        with chemin.open("rb") as flux:
            yield flux
        return
    try:
        with zipfile.ZipFile(chemin) as archive, archive.open(_choisir(archive, membre)) as flux:
            yield flux
    except (zipfile.BadZipFile, EOFError) as erreur:
        raise FichierInattenduError("L’archive est tronquée ou abîmée.") from erreur


def _choisir(archive: zipfile.ZipFile, membre: str) -> str:
    noms = [nom for nom in archive.namelist() if not nom.endswith("/")]
    choisis = [nom for nom in noms if membre in nom] if membre else noms
    if not choisis and len(noms) == 1:
        choisis = noms
    if len(choisis) != 1:
        raise FichierInattenduError(f"L’archive ne contient pas un et un seul fichier « {membre} ».")
    return choisis[0]


def lignes(flux: IO[bytes]) -> Iterator[bytes]:
    """Une ligne à la fois, fin de ligne comprise. Lève si l’une est démesurée (fichier binaire)."""
    while ligne := flux.readline(LIGNE_MAX + 1):
        if len(ligne) > LIGNE_MAX:
            raise FichierInattenduError("Ligne démesurée : ce n’est pas un fichier de texte attendu.")
        yield ligne


def encodage_de(ligne: bytes) -> str:
    """UTF-8 si la ligne, accentuée, se lit ainsi ; sinon Windows-1252. Lève pour de l’UTF-16 ou du binaire."""
    if b"\x00" in ligne:
        raise FichierInattenduError("Encodage non reconnu : UTF-8 ou Latin-1 attendu.")
    try:
        ligne.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"
