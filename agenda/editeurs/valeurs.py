"""Textes reçus des éditeurs : bornés, débarrassés de ce qui ne s’affiche pas."""

import unicodedata


def borner(texte: str, longueur: int) -> str:
    """Une ligne d’au plus `longueur` signes, sans caractère de contrôle ni espace répété."""
    texte = texte[: 4 * longueur]
    if not texte.isprintable():
        texte = "".join(" " if unicodedata.category(signe)[0] in "CZ" else signe for signe in texte)
    return " ".join(texte.split())[:longueur].rstrip()
