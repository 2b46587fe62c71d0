"""Petits fichiers valides, et leurs doubles piégés, bâtis octet par octet."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

PDF = (
    b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n"
    b"trailer\n<< /Root 1 0 R >>\nstartxref\n110\n%%EOF\n"
)
JPEG = bytes.fromhex(
    "ffd8"
    "ffe000104a46494600010100000100010000"
    "ffc0000b080001000101011100"
    "ffda0008010100003f00"
    "00ff00d0ffd0123456"
    "ffd9"
)
EXE = b"MZ\x90\x00" + b"\x00" * 56 + b"\x80\x00\x00\x00" + b"PE\x00\x00" * 20
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
_TYPES = {
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
    "ppt/presentation.xml": "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
}


def png(largeur: int = 1, hauteur: int = 1) -> bytes:
    def segment(nature: bytes, corps: bytes) -> bytes:
        return struct.pack(">I", len(corps)) + nature + corps + struct.pack(">I", zlib.crc32(nature + corps))

    entete = struct.pack(">IIBBBBB", largeur, hauteur, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\x00\x00")
    return b"\x89PNG\r\n\x1a\n" + segment(b"IHDR", entete) + segment(b"IDAT", pixels) + segment(b"IEND", b"")


def archive(entrees: dict[str, bytes | str]) -> bytes:
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w", zipfile.ZIP_DEFLATED) as zip_:
        for nom, contenu in entrees.items():
            zip_.writestr(nom, contenu)
    return tampon.getvalue()


def ooxml(maitresse: str, types: str = "", **autres: bytes | str) -> bytes:
    declaration = (
        f'<Types><Override PartName="/{maitresse}" ContentType="{types or _TYPES[maitresse]}"/></Types>'
    )
    return archive({"[Content_Types].xml": declaration, maitresse: "<a/>"} | autres)


XLSX = ooxml("xl/workbook.xml")
PPTX = ooxml("ppt/presentation.xml")
DOCX = ooxml("word/document.xml")


def biff(*feuilles: int) -> bytes:
    """Flux « Workbook » : un enregistrement BoundSheet8 par feuille, du genre donné (0 calcul, 1 macro)."""
    flux = struct.pack("<HHI", 0x0809, 4, 0x00050600)
    for genre in feuilles:
        corps = struct.pack("<IBB", 0, 0, genre) + b"\x01\x00A"
        flux += struct.pack("<HH", 0x0085, len(corps)) + corps
    return flux + struct.pack("<HH", 0x000A, 0)


def ole(*flux: tuple[str, bytes]) -> bytes:
    """Conteneur de version 3, secteurs de 512 octets ; chaque flux occupe ses secteurs à la suite."""
    secteurs: list[bytes] = []
    suivants: list[int] = []

    def poser(contenu: bytes) -> int:
        debut = len(secteurs)
        morceaux = [contenu[i : i + 512].ljust(512, b"\0") for i in range(0, len(contenu), 512)]
        secteurs.extend(morceaux)
        suivants.extend([debut + rang + 1 for rang in range(len(morceaux) - 1)] + [0xFFFFFFFE])
        return debut

    lignes = [_ligne("Root Entry", 5, 0xFFFFFFFE, 0)]
    for nom, contenu in flux:
        # Au-dessus du seuil : un petit flux irait dans la réserve des petits secteurs.
        long = contenu.ljust(4096, b"\0")
        lignes.append(_ligne(nom, 2, poser(long), len(long)))
    repertoire = poser(b"".join(lignes))
    table = len(secteurs)
    allocation = [*suivants, 0xFFFFFFFD]
    secteurs.append(struct.pack("<128I", *allocation, *[0xFFFFFFFF] * (128 - len(allocation))))
    entete = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    entete += struct.pack("<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, repertoire, 0, 4096,
                          0xFFFFFFFE, 0, 0xFFFFFFFE, 0, table)  # fmt: skip
    return entete.ljust(512, b"\xff") + b"".join(secteurs)


def _ligne(nom: str, nature: int, debut: int, taille: int) -> bytes:
    texte = nom.encode("utf-16-le") + b"\0\0"
    ligne = texte.ljust(64, b"\0") + struct.pack("<HBB", len(texte), nature, 1) + b"\xff" * 12
    return ligne.ljust(116, b"\0") + struct.pack("<IQ", debut, taille)


XLS = ole(("Workbook", biff(0)))
PPT = ole(("PowerPoint Document", b"\x0f\x00\xe8\x03"))
