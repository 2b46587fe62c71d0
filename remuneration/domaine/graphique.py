"""Où tombent les barres d’un graphique. Pur : le gabarit n’a plus qu’à les écrire en SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

LARGEUR, HAUTEUR = 400, 230
_GAUCHE, _DROITE, _HAUT, _BAS = 46, 398, 10, 206
GRADUATIONS = 4


@dataclass(frozen=True, slots=True)
class Barre:
    """`serie` : son rang, qui donne sa couleur. Longueurs dans le repère de `LARGEUR` × `HAUTEUR`."""

    serie: int
    x: float
    y: float
    largeur: float
    hauteur: float


@dataclass(frozen=True, slots=True)
class Repere:
    """Une graduation (son ordonnée et sa valeur) ou une étiquette (son abscisse et son texte)."""

    position: float
    valeur: float = 0
    texte: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    barres: list[Barre]
    graduations: list[Repere]
    etiquettes: list[Repere]


def tracer(etiquettes: Sequence[str], series: Sequence[Sequence[float]], *, empilees: bool) -> Trace:
    """Une barre par étiquette, ou plusieurs côte à côte ; `series[s][e]` est positive ou nulle."""
    totaux = [(sum if empilees else max)(serie[rang] for serie in series) for rang in range(len(etiquettes))]
    sommet = plafond(max(totaux, default=0))
    pas = (_DROITE - _GAUCHE) / max(1, len(etiquettes))
    utile = pas * 0.72
    echelle = (_BAS - _HAUT) / sommet
    barres = []
    for rang in range(len(etiquettes)):
        gauche, base = _GAUCHE + pas * rang + (pas - utile) / 2, float(_BAS)
        largeur = utile if empilees else utile / len(series)
        for numero, serie in enumerate(series):
            hauteur = serie[rang] * echelle
            x = gauche if empilees else gauche + largeur * numero
            if hauteur:
                barres.append(
                    Barre(numero, round(x, 1), round(base - hauteur, 1), round(largeur, 1), round(hauteur, 1))
                )
            if empilees:
                base -= hauteur
    return Trace(
        barres,
        [
            Repere(round(_BAS - sommet * n / GRADUATIONS * echelle, 1), sommet * n / GRADUATIONS)
            for n in range(GRADUATIONS + 1)
        ],
        [
            Repere(round(_GAUCHE + pas * (rang + 0.5), 1), texte=texte)
            for rang, texte in enumerate(etiquettes)
        ],
    )


def plafond(maximum: float) -> float:
    """Le plus petit nombre rond, divisible par les graduations, qui n’est pas sous `maximum`."""
    if maximum <= 0:
        return GRADUATIONS
    puissance = 10.0 ** floor(log10(maximum))
    ronds = [GRADUATIONS * p * facteur for p in (puissance / 10, puissance) for facteur in (1, 2, 2.5, 5)]
    return next(rond for rond in ronds if rond >= maximum)
