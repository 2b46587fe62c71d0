"""XLSX et PPTX : une archive bornée, sans macro ni objet actif, dont la pièce maîtresse est la bonne."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from assistance.domaine.fichiers.refus import ABIME, CODE, DEUX_EN_UN, FichierRefuse

_ENTREES_MAX = 2_000
_DEPLIE_MAX = 50 * 1024 * 1024
_PAS = 64 * 1024
_FIN = b"PK\x05\x06"
_TYPES = "[Content_Types].xml"
_TYPES_MAX = 1024 * 1024
_ACTIF = re.compile(r"(^|/)(vbaproject|vbadata|activex|macrosheets|oleobject)", re.IGNORECASE)
_TROP_GROS = "une fois déplié, ce fichier est trop gros. Réduisez-le ou envoyez un PDF."


def verifier_xlsx(contenu: bytes) -> None:
    _verifier(contenu, "xl/workbook.xml", b"spreadsheetml.sheet.main+xml")


def verifier_pptx(contenu: bytes) -> None:
    _verifier(contenu, "ppt/presentation.xml", b"presentationml.presentation.main+xml")


def _verifier(contenu: bytes, maitresse: str, type_attendu: bytes) -> None:
    if not contenu.startswith(b"PK\x03\x04"):
        raise FichierRefuse(ABIME)
    # L’archive finit par son répertoire, sans commentaire : rien ne s’y cache derrière.
    if contenu.rfind(_FIN) != len(contenu) - 22:
        raise FichierRefuse(DEUX_EN_UN)
    try:
        with zipfile.ZipFile(io.BytesIO(contenu)) as archive:
            noms = {entree.filename for entree in archive.infolist()}
            if len(archive.infolist()) > _ENTREES_MAX or len(noms) != len(archive.infolist()):
                raise FichierRefuse(_TROP_GROS)
            if any(_ACTIF.search(nom) for nom in noms):
                raise FichierRefuse(CODE)
            if any(nom.startswith("/") or ".." in nom.split("/") or "\\" in nom for nom in noms):
                raise FichierRefuse(ABIME)
            _deplier(archive)
            if not {maitresse, _TYPES} <= noms or archive.getinfo(_TYPES).file_size > _TYPES_MAX:
                raise FichierRefuse("son contenu n’est pas celui que son nom annonce.")
            types = archive.read(_TYPES)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as erreur:
        # RuntimeError : archive chiffrée ; NotImplementedError : compression inconnue.
        raise FichierRefuse(ABIME) from erreur
    if b"macroenabled" in types.lower() or b"<!doctype" in types.lower():
        raise FichierRefuse(CODE)
    if type_attendu not in types:
        raise FichierRefuse("son contenu n’est pas celui que son nom annonce.")


def _deplier(archive: zipfile.ZipFile) -> None:
    """Déplie tout sans rien garder : ni la taille annoncée ni le taux de compression ne sont crus."""
    reste = _DEPLIE_MAX
    if sum(entree.file_size for entree in archive.infolist()) > reste:
        raise FichierRefuse(_TROP_GROS)
    for entree in archive.infolist():
        with archive.open(entree) as flux:
            while morceau := flux.read(_PAS):
                reste -= len(morceau)
                if reste < 0:
                    raise FichierRefuse(_TROP_GROS)
