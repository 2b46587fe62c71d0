"""PNG et JPEG, parcourus segment par segment jusqu’à leur dernier octet."""

from __future__ import annotations

import struct
import zlib

from assistance.domaine.fichiers.refus import ABIME, DEUX_EN_UN, FichierRefuse, refuser_archive_cachee

_PNG = b"\x89PNG\r\n\x1a\n"
_COTE_MAX = 20_000  # pixels : au-delà, une image de 1 Mo est une bombe de décompression
_SANS_LONGUEUR = {0x01, *range(0xD0, 0xD8)}
_DIMENSIONS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def verifier_png(contenu: bytes) -> None:
    if not contenu.startswith(_PNG):
        raise FichierRefuse(ABIME)
    position, premier = len(_PNG), True
    while position + 12 <= len(contenu):
        longueur, nature = struct.unpack_from(">I4s", contenu, position)
        fin = position + 12 + longueur
        if fin > len(contenu) or (nature == b"IHDR") != premier:
            raise FichierRefuse(ABIME)
        (somme,) = struct.unpack_from(">I", contenu, fin - 4)
        if zlib.crc32(contenu[position + 4 : fin - 4]) != somme:
            raise FichierRefuse(ABIME)
        if premier:
            _verifier_cotes(*struct.unpack_from(">II", contenu, position + 8))
        if nature == b"IEND":
            if fin != len(contenu):
                raise FichierRefuse(DEUX_EN_UN)
            return refuser_archive_cachee(contenu)
        position, premier = fin, False
    raise FichierRefuse(ABIME)


def verifier_jpeg(contenu: bytes) -> None:
    position, dimensions = 2, False
    while (marqueur := _marqueur(contenu, position)) != 0xD9:
        if marqueur in _SANS_LONGUEUR:
            position += 2
            continue
        if position + 4 > len(contenu):
            raise FichierRefuse(ABIME)
        (longueur,) = struct.unpack_from(">H", contenu, position + 2)
        if marqueur in _DIMENSIONS:
            if position + 9 > len(contenu):
                raise FichierRefuse(ABIME)
            _verifier_cotes(*struct.unpack_from(">HH", contenu, position + 5))
            dimensions = True
        position += 2 + longueur
        if marqueur == 0xDA:
            position = _fin_des_pixels(contenu, position)
    if not dimensions:
        raise FichierRefuse(ABIME)
    if contenu[position + 2 :].strip(b"\x00"):
        raise FichierRefuse(DEUX_EN_UN)
    refuser_archive_cachee(contenu)


def _marqueur(contenu: bytes, position: int) -> int:
    if position + 2 > len(contenu) or contenu[position] != 0xFF:
        raise FichierRefuse(ABIME)
    return contenu[position + 1]


def _fin_des_pixels(contenu: bytes, position: int) -> int:
    """Position du marqueur qui suit : dans les pixels, FF est suivi de 00 ou d’une reprise (D0 à D7)."""
    while (position := contenu.find(b"\xff", position)) >= 0 and position + 1 < len(contenu):
        if contenu[position + 1] not in (0x00, 0xFF, *range(0xD0, 0xD8)):
            return position
        position += 1
    raise FichierRefuse(ABIME)


def _verifier_cotes(*cotes: int) -> None:
    if not all(0 < cote <= _COTE_MAX for cote in cotes):
        raise FichierRefuse(ABIME)
