"""Chaque verbe et chaque objet que le code écrit dans la trace se lisent en français."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from comptes.verbes import OBJETS, VERBES, libelle_de_l_objet, libelle_du_verbe
from tests.sources import arbre

RACINE = Path(settings.RACINE)
APPLICATIONS = (
    "comptes",
    "annuaire",
    "participation",
    "agenda",
    "orientation",
    "remuneration",
    "assistance",
    "sas_platform",
)


# Un verbe choisi ailleurs que dans l’appel (`verbe=verbe`) : on lit alors toutes les chaînes de cette forme du module.
FORME = re.compile(r"[a-z_]+\.(?!html$|txt$|csv$|json$)[a-z_]+")


def appels() -> Iterator[tuple[str, ast.Call, ast.Module]]:
    """Tous les appels à une fonction dont le nom contient « tracer », hors de la démonstration."""
    for application in APPLICATIONS:
        for module in (RACINE / application).rglob("*.py"):
            if "demo" in module.parts or "migrations" in module.parts:
                continue
            for noeud in ast.walk(arbre(module)):
                if isinstance(noeud, ast.Call) and "tracer" in _nom(noeud.func):
                    yield f"{module.relative_to(RACINE)}:{noeud.lineno}", noeud, arbre(module)


def _nom(fonction: ast.expr) -> str:
    return getattr(fonction, "id", getattr(fonction, "attr", ""))


def _constantes(noeud: ast.expr | None) -> set[str]:
    """Chaînes qu’une expression peut valoir, « a » if … else « b » compris."""
    if isinstance(noeud, ast.IfExp):
        return _constantes(noeud.body) | _constantes(noeud.orelse)
    return {noeud.value} if isinstance(noeud, ast.Constant) and isinstance(noeud.value, str) else set()


def _argument(appel: ast.Call, nom: str) -> ast.expr | None:
    return next((mot.value for mot in appel.keywords if mot.arg == nom), None)


def verbes_ecrits() -> dict[str, str]:
    """Verbe → endroit. Une aide du module (`_tracer(acteur, "verbe", …)`) donne le sien par position."""
    trouves = {}
    for endroit, appel, module in appels():
        candidats = _constantes(_argument(appel, "verbe"))
        if _nom(appel.func) not in ("tracer", "tracer_lecture"):
            candidats |= {texte for argument in appel.args for texte in _constantes(argument)}
        if not candidats:
            chaines = {t for n in ast.walk(module) if isinstance(n, ast.expr) for t in _constantes(n)}
            candidats = {texte for texte in chaines if FORME.fullmatch(texte)}
        trouves.update(dict.fromkeys(candidats, endroit))
    return trouves


def objets_ecrits() -> dict[str, str]:
    trouves = {}
    for endroit, appel, _ in appels():
        for noeud in ast.walk(_argument(appel, "objet") or ast.Constant("")):
            if isinstance(noeud, ast.Constant) and isinstance(noeud.value, str) and ":" in noeud.value:
                trouves[noeud.value.partition(":")[0]] = endroit
    return trouves


def test_chaque_verbe_trace_a_son_libelle():
    sans = {verbe: endroit for verbe, endroit in verbes_ecrits().items() if verbe not in VERBES}

    assert sans == {}
    assert {"connexion", "orientation.annulee", "compte.anonymise"} <= set(verbes_ecrits())


def test_chaque_genre_d_objet_a_son_libelle():
    sans = {genre: endroit for genre, endroit in objets_ecrits().items() if genre not in OBJETS}

    assert sans == {}


@pytest.mark.parametrize(
    ("objet", "attendu"),
    [
        pytest.param("lieu:12", "lieu d’exercice n° 12", id="numéro"),
        pytest.param("orientation:5f3c", "orientation", id="identifiant opaque"),
        pytest.param("compte:inconnu", "compte", id="personne inconnue"),
        pytest.param("machin:3", "machin n° 3", id="genre oublié"),
    ],
)
def test_un_objet_se_dit_en_francais(objet, attendu):
    assert libelle_de_l_objet(objet) == attendu


def test_un_verbe_oublie_garde_son_nom():
    assert libelle_du_verbe("machin.fait") == "machin.fait"
