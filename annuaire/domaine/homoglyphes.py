"""Signes qui se prennent pour d’autres : un « а » cyrillique dans une adresse fabrique un sosie."""

from __future__ import annotations

import unicodedata

# Signes cyrilliques et grecs qui ont le dessin d’une lettre latine (Unicode UTS 39, les courants).
_SOSIES = {
    **dict(zip("аеорсухіјѕһԁԛԝкмтвн", "aeopcyxijshdqwkmtbh", strict=True)),
    **dict(zip("АВЕКМНОРСТУХІЈЅ", "ABEKMHOPCTYXIJS", strict=True)),
    **dict(zip("αονρτυχικ", "aovptuxik", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)),
}
# En SQL : `translate(texte, ETRANGERS, LATINS)` ramène un sosie à la lettre qu’il imite.
ETRANGERS, LATINS = "".join(_SOSIES), "".join(_SOSIES.values())
_ALPHABETS = {"CYRILLIC": "cyrillique", "GREEK": "grec", "ARMENIAN": "arménien", "FULLWIDTH": "pleine chasse"}
_PONCTUATION_DES_NOMS = " -’'."


def signe_etranger(nom: str) -> str:
    """Premier signe d’un nom de personne qui n’est ni lettre latine, ni trait d’union, ni apostrophe ; vide sinon."""
    for signe in unicodedata.normalize("NFC", nom):
        if signe in _PONCTUATION_DES_NOMS:
            continue
        if not (signe.isalpha() and unicodedata.name(signe, "").startswith("LATIN ")):
            return signe
    return ""


def signe_inhabituel(email: str) -> str:
    """Premier signe d’une adresse électronique hors de l’ASCII imprimable ; vide sinon."""
    return next((signe for signe in email if not "!" <= signe <= "~"), "")


def nommer(signe: str) -> str:
    """De quoi reconnaître un signe qui se prend pour un autre : « а » (cyrillique, U+0430)."""
    alphabet = _ALPHABETS.get(unicodedata.name(signe, "").partition(" ")[0], "")
    return f"« {signe} » ({', '.join(filter(None, (alphabet, f'U+{ord(signe):04X}')))})"
