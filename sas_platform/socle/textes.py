"""Textes ramenés à une forme comparable."""

import re
import unicodedata

_SEPARATEURS = re.compile(r"[^a-z0-9]+")
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss"})


def normaliser(texte: str) -> str:
    """Minuscules, sans accent ni ponctuation, un seul espace : « L’Haÿ-les-Roses » → « l hay les roses »."""
    decompose = unicodedata.normalize("NFKD", texte.lower().translate(_LIGATURES))
    sans_accent = "".join(signe for signe in decompose if not unicodedata.combining(signe))
    return _SEPARATEURS.sub(" ", sans_accent).strip()
