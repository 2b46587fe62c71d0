"""La France par boîtes englobantes, assez pour écarter une coordonnée absurde ; par codes postaux."""

from __future__ import annotations

KM_PAR_DEGRE = 111.195  # de latitude ; rayon moyen de la Terre, 6 371 km
METROPOLE = "metropole"

# (latitude min, max, longitude min, max), à dix kilomètres près ; en mer compris.
_BOITES = {
    METROPOLE: (41.2, 51.2, -5.3, 9.7),
    "977": (17.8, 18.0, -63.0, -62.7),
    "978": (18.0, 18.2, -63.2, -62.9),
    "971": (15.7, 16.6, -61.9, -60.9),
    "972": (14.3, 15.0, -61.3, -60.7),
    "973": (2.0, 5.9, -54.7, -51.5),
    "974": (-21.5, -20.8, 55.1, 55.9),
    "975": (46.6, 47.3, -56.6, -56.0),
    "976": (-13.1, -12.5, 44.9, 45.4),
    "986": (-14.5, -13.1, -178.3, -176.0),
    "987": (-28.0, -7.5, -155.0, -134.0),
    "988": (-23.0, -18.0, 158.0, 172.5),
}


def territoire(lat: float, lon: float) -> str | None:
    """`METROPOLE`, un code de département d’outre-mer, ou rien hors de France."""
    for code, (sud, nord, ouest, est) in _BOITES.items():
        if sud <= lat <= nord and ouest <= lon <= est:
            return code
    return None


def est_en_france(lat: float, lon: float) -> bool:
    """Vrai dans une des boîtes : une partie des pays voisins l’est donc aussi."""
    return territoire(lat, lon) is not None


def departements_du_code_postal(code_postal: str) -> list[str]:
    """Départements qu’un code postal peut désigner : les deux de Corse pour « 20… », sinon un seul."""
    if code_postal.startswith("20"):
        return ["2A", "2B"]
    return [code_postal[:3] if code_postal.startswith(("97", "98")) else code_postal[:2]]
