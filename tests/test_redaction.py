"""Ce qu’aucun outil ne sait de ce que nous écrivons : typographie, gabarits tous utiles, tests qui attendent."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from tests import lectures_immediates
from tests.sources import arbre

RACINE = Path(settings.RACINE)
GABARITS = RACINE / "templates"
APPLICATIONS = ("comptes", "annuaire", "participation", "agenda", "orientation", "remuneration", "assistance")
# Une espace ordinaire laisserait « : » seul en tête de ligne ; l’apostrophe droite est celle des machines.
FAUTE_TYPOGRAPHIQUE = re.compile(r"\w[^\S\u00a0]+[:;?!»](?=\s|$)|«[^\u00a0]|[a-zà-ÿ]'[a-zà-ÿ]", re.IGNORECASE)
BALISAGE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", re.DOTALL)
# Ce qui s’écrit dans un terminal ou un journal, non à l’écran.
HORS_ECRAN = {
    "management",
    "migrations",
    "connecteurs",
    "generation",
    "editeurs",
    "imports.py",
    "referentiels.py",
    "identifiants.py",
}


@pytest.mark.parametrize("gabarit", sorted(GABARITS.rglob("*.html")), ids=lambda gabarit: gabarit.name)
def test_les_gabarits_ont_la_typographie_francaise(gabarit):
    source = gabarit.read_text()
    textes = [source, *re.findall(r'(?:title|aria-label|placeholder)="([^"]*)"', source)]

    fautes = [faute for texte in textes for faute in FAUTE_TYPOGRAPHIQUE.findall(BALISAGE.sub("x", texte))]

    assert fautes == []


def test_les_messages_ont_la_typographie_francaise():
    modules = [
        module
        for application in APPLICATIONS
        for module in (RACINE / application).rglob("*.py")
        if HORS_ECRAN.isdisjoint(module.parts)
    ]

    fautes = [
        f"{module.name} : {texte}"
        for module in modules
        for texte in _textes(arbre(module))
        if FAUTE_TYPOGRAPHIQUE.search(texte)
    ]

    assert fautes == []


def _textes(module: ast.AST) -> Iterator[str]:
    """Chaînes d’un module, sans ses docstrings ; une chaîne composée est lue d’un bloc."""
    for parent in ast.walk(module):
        if isinstance(parent, ast.JoinedStr):
            yield "".join(p.value if isinstance(p, ast.Constant) else "x" for p in parent.values)
        elif not isinstance(parent, ast.Expr):
            for enfant in ast.iter_child_nodes(parent):
                if isinstance(enfant, ast.Constant) and isinstance(enfant.value, str):
                    yield enfant.value


def test_tous_les_gabarits_servent():
    sources = "\n".join(
        fichier.read_text()
        for dossier in ("templates", "sas_platform", *(app for app in APPLICATIONS))
        for fichier in (RACINE / dossier).rglob("*")
        if fichier.suffix in {".py", ".html", ".txt"}
    )
    surcharges = {
        str(fichier.relative_to(dossier))
        for app in apps.get_app_configs()
        if not Path(app.path).is_relative_to(RACINE) or "site-packages" in app.path
        for dossier in [Path(app.path) / "templates"]
        for fichier in dossier.rglob("*.*")
    }
    inutiles = [
        nom
        for nom in (str(fichier.relative_to(GABARITS)) for fichier in GABARITS.rglob("*.*"))
        if nom not in surcharges and f'"{nom}"' not in sources and not _page_ou_erreur(nom, sources)
    ]

    assert inutiles == []


def test_aucun_test_du_navigateur_ne_lit_la_page_sans_attendre():
    """En cas d’échec : le message dit quoi écrire ; les outils sont dans `tests/navigateur.py`."""
    assert lectures_immediates.fautes(RACINE / "tests") == []


def _page_ou_erreur(nom: str, sources: str) -> bool:
    """Les pages de texte sont nommées par leur route, les pages d’erreur par leur état."""
    if nom.startswith("courriels/"):
        # Trois fichiers par courriel, que `ecrire(gabarit="comptes/bienvenue", …)` nomme d’un mot, entier ou non.
        courriel = re.sub("_(sujet|corps)[.](txt|html)$", "", nom.removeprefix("courriels/"))
        return f'"{courriel}"' in sources or f'"{courriel.partition("/")[2]}"' in sources
    if nom.startswith("pages/"):
        return f'"gabarit": "{nom.removeprefix("pages/").removesuffix(".html")}"' in sources
    return nom in {"429.html", "500.html", "503.html"}
