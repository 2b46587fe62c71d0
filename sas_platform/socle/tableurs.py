"""Écrire un CSV qu’un tableur réglé en français ouvre sans question, et dont il n’exécute rien."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

# Un tableur exécute ce qui commence ainsi, signes pleine chasse compris ; l’apostrophe l’en empêche et ne s’affiche pas.
FORMULES = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BOM = "\ufeff"


def neutraliser(valeur: object) -> str:
    """Le texte de `valeur`, gardé d’être une formule. Un nombre n’en est pas une, même négatif ; il a sa virgule."""
    if isinstance(valeur, Decimal):
        return f"{valeur:f}".replace(".", ",")
    if isinstance(valeur, int):
        return str(valeur)
    texte = str(valeur)
    return f"'{texte}" if texte.startswith(FORMULES) else texte


def denuder(valeur: str) -> str:
    """Rend à une cellule que `neutraliser` a protégée son texte d’origine."""
    if valeur.startswith("'") and valeur[1:].startswith(FORMULES):
        return valeur[1:].strip()
    return valeur.strip()


def en_csv(entetes: Sequence[str], lignes: Iterable[Sequence[object]]) -> bytes:
    """Point-virgule, marque d’ordre des octets, CRLF ; les mêmes lignes donnent les mêmes octets."""
    flux = io.StringIO(newline="")
    ecrivain = csv.writer(flux, delimiter=";", lineterminator="\r\n")
    ecrivain.writerow([neutraliser(entete) for entete in entetes])
    ecrivain.writerows([[neutraliser(cellule) for cellule in ligne] for ligne in lignes])
    return (BOM + flux.getvalue()).encode()
