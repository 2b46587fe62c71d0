"""Où tombent les communes sur un plan, et quelle taille a chacune. Pur : le gabarit n’a plus qu’à les écrire en SVG.

Le fond n’est demandé à personne : ce sont les communes elles-mêmes, un point chacune, qui dessinent le territoire.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians, sqrt

LARGEUR = 400
_HAUTEUR_MAX, _MARGE = 420, 20
# Le plus grand des cercles, selon leur nombre : deux cents moyens couvriraient tout le plan.
_RAYON_MIN, _RAYON_MAX, _RAYON_DE_TOUS = 1.5, 16, 110
# Deux points plus proches n’en feraient qu’un.
_MAILLE = 4
_NOMMEES = 5


@dataclass(frozen=True, slots=True)
class Lieu:
    nom: str
    nombre: int
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Cercle:
    """`nom` est vide là où l’écrire en cacherait un autre."""

    x: float
    y: float
    rayon: float
    titre: str
    nom: str


@dataclass(frozen=True, slots=True)
class Carte:
    """`fond` : tracé SVG. `hors_cadre` : lieux cherchés hors du territoire, que le plan ne montre pas."""

    largeur: int
    hauteur: int
    fond: str
    cercles: list[Cercle]
    hors_cadre: int


def dessiner(points: Sequence[tuple[float, float]], lieux: Sequence[Lieu]) -> Carte | None:
    """`points` : latitudes et longitudes des communes du territoire ; `lieux`, du plus grand nombre au plus petit.

    La surface d’un cercle est proportionnelle à son nombre. Rien sans commune où le poser.
    """
    if not points or not lieux:
        return None
    sud, nord = min(lat for lat, _ in points), max(lat for lat, _ in points)
    ouest, est = min(lon for _, lon in points), max(lon for _, lon in points)
    serre = cos(radians((sud + nord) / 2))
    etendue_x, etendue_y = max((est - ouest) * serre, 0.01), max(nord - sud, 0.01)
    echelle = min((LARGEUR - 2 * _MARGE) / etendue_x, (_HAUTEUR_MAX - 2 * _MARGE) / etendue_y)
    hauteur = round(etendue_y * echelle) + 2 * _MARGE
    decalage = (LARGEUR - etendue_x * echelle) / 2

    def placer(lat: float, lon: float) -> tuple[float, float]:
        return decalage + (lon - ouest) * serre * echelle, _MARGE + (nord - lat) * echelle

    mailles = sorted(
        {
            (round(x / _MAILLE) * _MAILLE, round(y / _MAILLE) * _MAILLE)
            for x, y in (placer(*p) for p in points)
        }
    )
    places = [(lieu, *placer(lieu.lat, lieu.lon)) for lieu in lieux]
    dedans = [(lieu, x, y) for lieu, x, y in places if 0 <= x <= LARGEUR and 0 <= y <= hauteur]
    return Carte(
        LARGEUR,
        hauteur,
        "".join(f"M{x} {y}h0" for x, y in mailles),
        _cercles(dedans, lieux[0].nombre),
        len(places) - len(dedans),
    )


def _cercles(places: Sequence[tuple[Lieu, float, float]], maximum: int) -> list[Cercle]:
    cercles: list[Cercle] = []
    plus_grand = min(_RAYON_MAX, _RAYON_DE_TOUS / sqrt(max(1, len(places))))
    for lieu, x, y in places:
        nommes = [c for c in cercles if c.nom]
        libre = len(nommes) < _NOMMEES and all(abs(y - c.y) > 14 or abs(x - c.x) > 90 for c in nommes)
        rayon = max(_RAYON_MIN, plus_grand * sqrt(lieu.nombre / maximum))
        cercles.append(
            Cercle(
                round(x, 1),
                round(y, 1),
                round(rayon, 1),
                f"{lieu.nom}\u00a0: {lieu.nombre}",
                lieu.nom if libre else "",
            )
        )
    return cercles
