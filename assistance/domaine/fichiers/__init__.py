"""Un fichier joint est-il bien ce que dit son nom ? Lu dans son contenu, sans l’ouvrir ni le croire.

Chaque format a son contrôle de structure, du premier au dernier octet : ce qui
dépasse d’une image ou d’un PDF est un second fichier, donc un refus. Ce qui
s’exécute (macro, script, objet incorporé) est refusé aussi. Aucune extension
de fichier, aucun type annoncé par le navigateur n’est cru seul.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath

import puremagic

from assistance.domaine.fichiers.images import verifier_jpeg, verifier_png
from assistance.domaine.fichiers.ole import verifier_ppt, verifier_xls
from assistance.domaine.fichiers.ooxml import verifier_pptx, verifier_xlsx
from assistance.domaine.fichiers.pdf import verifier_pdf
from assistance.domaine.fichiers.refus import FichierRefuse

TAILLE_MAX = 1024 * 1024
LONGUEUR_NOM = 150
FORMATS = "pdf, jpeg, png, xls, xlsx, ppt, pptx"
_INVISIBLES = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class _Format:
    type_mime: str
    verifier: Callable[[bytes], None]
    # Extensions que puremagic peut rendre pour ce format : sa signature est commune à toute la famille.
    signatures: frozenset[str]


_OOXML = "application/vnd.openxmlformats-officedocument"
_PNG = _Format("image/png", verifier_png, frozenset({".png"}))
_JPEG = _Format("image/jpeg", verifier_jpeg, frozenset({".jpg", ".jpeg"}))
_PAR_EXTENSION = {
    ".pdf": _Format("application/pdf", verifier_pdf, frozenset({".pdf"})),
    ".png": _PNG,
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".xls": _Format("application/vnd.ms-excel", verifier_xls, frozenset({".xls", ".doc"})),
    ".ppt": _Format("application/vnd.ms-powerpoint", verifier_ppt, frozenset({".ppt", ".doc"})),
    ".xlsx": _Format(f"{_OOXML}.spreadsheetml.sheet", verifier_xlsx, frozenset({".xlsx", ".zip"})),
    ".pptx": _Format(f"{_OOXML}.presentationml.presentation", verifier_pptx, frozenset({".pptx", ".zip"})),
}
EXTENSIONS = tuple(_PAR_EXTENSION)


def reconnaitre(nom: str, contenu: bytes) -> str:
    """Type MIME constaté. Lève `FichierRefuse`, dont le message dit quoi faire."""
    if not contenu:
        raise FichierRefuse("ce fichier est vide.")
    if len(contenu) > TAILLE_MAX:
        raise FichierRefuse("ce fichier dépasse 1 Mo. Réduisez-le ou envoyez une capture d’écran.")
    annonce = _PAR_EXTENSION.get(PurePosixPath(nom_sur(nom)).suffix.lower())
    if annonce is None:
        raise FichierRefuse(f"ce format n’est pas admis. Formats admis : {FORMATS}.")
    if annonce.signatures.isdisjoint(_signatures(contenu)):
        raise FichierRefuse("son contenu n’est pas celui que son nom annonce.")
    annonce.verifier(contenu)
    return annonce.type_mime


def nom_sur(nom: str) -> str:
    """Nom d’origine sans chemin ni signe invisible, court, extension gardée."""
    base = PureWindowsPath(_INVISIBLES.sub("", nom)).name
    racine, point, extension = base.rpartition(".")
    if not point:
        return base[:LONGUEUR_NOM]
    return f"{racine[: LONGUEUR_NOM - len(extension) - 1]}.{extension}"[-LONGUEUR_NOM:]


def _signatures(contenu: bytes) -> set[str]:
    try:
        return {trouve.extension for trouve in puremagic.magic_string(contenu)}
    except puremagic.PureError:
        return set()


__all__ = ["EXTENSIONS", "FORMATS", "LONGUEUR_NOM", "TAILLE_MAX", "FichierRefuse", "nom_sur", "reconnaitre"]
