"""Du plan à la sphère : Lambert-93 et UTM vers WGS84, et reconnaissance d’un couple de coordonnées."""

from __future__ import annotations

import math

from annuaire.domaine.territoire import est_en_france

_A, _E2 = 6_378_137.0, 0.00669438002290  # ellipsoïde GRS80
_E = math.sqrt(_E2)

# Lambert-93 (IGN, NTG_71) : exposant, constante, coordonnées du pôle, méridien d’origine.
_N, _C = 0.7256077650532670, 11_754_255.4261
_XS, _YS, _LON0 = 700_000.0, 12_655_612.0499, math.radians(3.0)

# Outre-mer : département → (fuseau UTM, hémisphère sud)
_UTM = {
    "971": (20, False),
    "972": (20, False),
    "977": (20, False),
    "978": (20, False),
    "973": (22, False),
    "974": (40, True),
    "975": (21, False),
    "976": (38, True),
}


def wgs84_de_lambert93(x: float, y: float) -> tuple[float, float]:
    """Latitude et longitude en degrés, au mètre près."""
    rayon = math.hypot(x - _XS, y - _YS)
    lon = _LON0 + math.atan((x - _XS) / (_YS - y)) / _N
    isometrique = -math.log(rayon / _C) / _N
    return math.degrees(_latitude(isometrique)), math.degrees(lon)


def _latitude(isometrique: float) -> float:
    latitude = 2 * math.atan(math.exp(isometrique)) - math.pi / 2
    for _ in range(8):
        correction = ((1 + _E * math.sin(latitude)) / (1 - _E * math.sin(latitude))) ** (_E / 2)
        latitude = 2 * math.atan(correction * math.exp(isometrique)) - math.pi / 2
    return latitude


def wgs84_de_utm(x: float, y: float, fuseau: int, *, sud: bool) -> tuple[float, float]:
    """Latitude et longitude en degrés, au mètre près (série de Snyder, § 8)."""
    ep2 = _E2 / (1 - _E2)
    e1 = (1 - math.sqrt(1 - _E2)) / (1 + math.sqrt(1 - _E2))
    arc = (y - (10_000_000 if sud else 0)) / 0.9996
    mu = arc / (_A * (1 - _E2 / 4 - 3 * _E2**2 / 64 - 5 * _E2**3 / 256))
    pied = (
        mu
        + (3 * e1 / 2 - 27 * e1**3 / 32) * math.sin(2 * mu)
        + (21 * e1**2 / 16 - 55 * e1**4 / 32) * math.sin(4 * mu)
        + (151 * e1**3 / 96) * math.sin(6 * mu)
    )
    c, t = ep2 * math.cos(pied) ** 2, math.tan(pied) ** 2
    n = _A / math.sqrt(1 - _E2 * math.sin(pied) ** 2)
    r = n * (1 - _E2) / (1 - _E2 * math.sin(pied) ** 2)
    d = (x - 500_000) / (n * 0.9996)
    lat = pied - (n * math.tan(pied) / r) * (d**2 / 2 - (5 + 3 * t + 10 * c - 4 * c**2 - 9 * ep2) * d**4 / 24)
    lon = (d - (1 + 2 * t + c) * d**3 / 6) / math.cos(pied)
    return math.degrees(lat), math.degrees(lon) + 6 * fuseau - 183


def coordonnees(un: float, autre: float, departement: str) -> tuple[float, float] | None:
    """(latitude, longitude) d’un couple dont ni l’ordre ni la projection ne sont sûrs ; rien hors de France.

    Le couple est reconnu à ses valeurs : degrés dans les deux ordres, puis mètres.
    """
    for lat, lon in ((un, autre), (autre, un)):
        if est_en_france(lat, lon):
            return lat, lon
    for x, y in ((un, autre), (autre, un)):
        if departement in _UTM:
            fuseau, sud = _UTM[departement]
            possible = 100_000 < x < 900_000 and 0 < y < 10_000_000
            position = wgs84_de_utm(x, y, fuseau, sud=sud) if possible else None
        else:
            possible = 0 < x < 1_300_000 and 6_000_000 < y < 7_200_000
            position = wgs84_de_lambert93(x, y) if possible else None
        if position is not None and est_en_france(*position):
            return position
    return None
