"""Jours fériés du lieu : ceux de la France, plus ceux de l’outre-mer et de l’Alsace-Moselle."""

from __future__ import annotations

from datetime import date, timedelta

import holidays

# La bibliothèque nomme l’Alsace et la Moselle comme l’ISO, et les collectivités d’outre-mer par deux lettres.
_SUBDIVISIONS = {
    "57": "57",
    "67": "6AE",
    "68": "6AE",
    "971": "971",
    "972": "972",
    "973": "973",
    "974": "974",
    "975": "PM",
    "976": "976",
    "977": "BL",
    "978": "MF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}


def feries(departement: str, premier: date, dernier: date) -> dict[date, str]:
    """Jours fériés de `premier` à `dernier` compris, avec leur nom ; `departement` : code du département du lieu."""
    subdivision = _SUBDIVISIONS.get(departement)
    calendrier = holidays.country_holidays("FR", subdiv=subdivision, language="fr")
    jours = (premier + timedelta(days=n) for n in range((dernier - premier).days + 1))
    return {jour: str(nom).replace("'", "’") for jour in jours if (nom := calendrier.get(jour))}
