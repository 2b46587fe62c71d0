"""L’aide nomme les boutons et les menus tels qu’ils sont écrits à l’écran."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

RACINE = Path(settings.RACINE)
DONNEES = RACINE / "assistance" / "donnees"
# Des mots mis entre guillemets sans être un bouton, un titre ni une étiquette.
PAS_DES_LIBELLES = {
    "interfacé",
    "hors créneaux",
    "grand public",
    "professionnel",
}


def _uniforme(texte: str) -> str:
    texte = texte.replace("\\u00a0", " ").replace("\u00a0", " ").replace("&nbsp;", " ")
    return re.sub(r"\s+", " ", texte)


@pytest.fixture(scope="module")
def ecrans() -> str:
    """Gabarits et formulaires, où une chaîne coupée en deux par le formateur est recollée."""
    fichiers = [*(RACINE / "templates").rglob("*.html"), *RACINE.glob("*/**/forms*.py")]
    fichiers += RACINE.glob("*/**/forms/*.py")
    fichiers += [RACINE / "assistance" / "enums.py", DONNEES / "themes.csv"]
    textes = (re.sub(r'"\n\s*f?"', "", fichier.read_text()) for fichier in fichiers)
    return _uniforme(" ".join(textes))


@pytest.mark.parametrize("nom", ["faq.md", "formation.md"])
def test_chaque_libelle_nomme_par_l_aide_existe_a_l_ecran(nom, ecrans):
    texte = _uniforme((DONNEES / nom).read_text())

    cites = set(re.findall(r"« ([^«»]+) »", texte)) - PAS_DES_LIBELLES

    assert {libelle for libelle in cites if libelle not in ecrans} == set()


def test_l_aide_ne_dit_plus_que_l_agenda_n_est_pas_ouvert():
    for nom in ("faq.md", "formation.md"):
        texte = _uniforme((DONNEES / nom).read_text())
        assert not re.search(r"n’apparaît pas encore|en attendant que cette page", texte, re.IGNORECASE)
