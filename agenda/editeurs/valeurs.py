"""Textes et numéros reçus des éditeurs : bornés, débarrassés de ce qui ne s’affiche pas."""

import re
import unicodedata

from agenda.editeurs.codes import INDICATIFS_OUTRE_MER

_PONCTUATION = re.compile(r"[\s.\-()/\u00a0\u202f]+")
_NATIONAL = re.compile(r"0[1-9][0-9]{8}")
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{7,14}")


def borner(texte: str, longueur: int) -> str:
    """Une ligne d’au plus `longueur` signes, sans caractère de contrôle ni espace répété."""
    texte = texte[: 4 * longueur]
    if not texte.isprintable():
        texte = "".join(" " if unicodedata.category(signe)[0] in "CZ" else signe for signe in texte)
    return " ".join(texte.split())[:longueur].rstrip()


def telephone_normalise(brut: str) -> str:
    """Forme internationale `+33…` ; vide si le numéro n’est pas reconnaissable, pour ne pas l’afficher."""
    numero = _PONCTUATION.sub("", brut[:60].replace("(0)", ""))
    if numero.startswith("00"):
        numero = f"+{numero[2:]}"
    if _NATIONAL.fullmatch(numero):
        return INDICATIFS_OUTRE_MER.get(numero[:4], "+33") + numero[1:]
    return numero if _INTERNATIONAL.fullmatch(numero) else ""
