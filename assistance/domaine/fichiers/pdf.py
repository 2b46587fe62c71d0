"""PDF : commence par sa version, finit par %%EOF, ne contient ni script, ni lancement, ni pièce incorporée."""

from __future__ import annotations

import re

from assistance.domaine.fichiers.refus import (
    ABIME,
    CODE,
    DEUX_EN_UN,
    FichierRefuse,
    refuser_archive_cachee,
)

_ENTETE = re.compile(rb"%PDF-[12]\.\d[\r\n]")
_FLUX = re.compile(rb"stream\r?\n.*?endstream", re.DOTALL)
_NOM_CODE = re.compile(rb"#([0-9A-Fa-f]{2})")
_ACTIF = re.compile(rb"/(?:JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA)(?![A-Za-z0-9])")


def verifier_pdf(contenu: bytes) -> None:
    if not _ENTETE.match(contenu):
        raise FichierRefuse(ABIME)
    fin = contenu.rfind(b"%%EOF")
    if fin < 0 or b"startxref" not in contenu:
        raise FichierRefuse(ABIME)
    if contenu[fin + 5 :].strip(b"\r\n\t \x00"):
        raise FichierRefuse(DEUX_EN_UN)
    refuser_archive_cachee(contenu)
    # Hors des flux, qui sont comprimés ; « /J#61vaScript » est un autre nom de « /JavaScript ».
    corps = _NOM_CODE.sub(lambda code: bytes([int(code[1], 16)]), _FLUX.sub(b"", contenu))
    if _ACTIF.search(corps):
        raise FichierRefuse(CODE)
