"""Recherches d’une session, désignées par un jeton au hasard.

L’adresse cherchée est souvent le domicile du patient : elle n’est ni dans
l’URL, ni dans le cookie, seulement dans la session, que le serveur garde et
que la déconnexion efface (W-70, docs/adr/0010).
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.contrib.sessions.backends.base import SessionBase

from annuaire.enums import PrecisionGeo
from annuaire.lectures import LieuTrouve
from annuaire.lectures.lieux import GEOPLATEFORME, INDEX_LOCAL
from orientation.lectures import Criteres
from orientation.suggestions import Quoi, en_lieu

CLE = "recherches"
GARDEES = 10

_SOURCES = {INDEX_LOCAL: "index local", GEOPLATEFORME: "Géoplateforme"}


@dataclass(frozen=True, slots=True)
class Recherche:
    """Ce qui a été demandé, tel qu’on le redira, et ce qu’on en a compris.

    `lieu` : un `LieuTrouve` en données simples, que la session sait garder.
    """

    quoi: str
    lieu: dict[str, Any]
    rayon_km: float
    specialite_ids: tuple[int, ...] = ()
    noms: str = ""
    disponibilite: str = "toutes"
    modalites: tuple[str, ...] = ()
    # Effecteurs à montrer d’abord, où qu’ils consultent (L-07), et ce qui a été tapé pour les trouver.
    medecin_traitant: tuple[int, ...] = ()
    medecin: str = ""
    # Ce qu’il faut dire de la recherche sous son titre, en phrases entières.
    avis: tuple[str, ...] = ()

    @property
    def lieu_trouve(self) -> LieuTrouve:
        return en_lieu(self.lieu)

    @property
    def est_precise(self) -> bool:
        """Vrai pour une adresse ; faux pour le centre d’une commune ou d’un département (S-10)."""
        return self.lieu["precision"] in (PrecisionGeo.NUMERO, PrecisionGeo.RUE)

    @property
    def position(self) -> str:
        """D’où viennent les coordonnées : « centre de la commune, index local »."""
        source = _SOURCES.get(self.lieu["source"], self.lieu["source"])
        return f"{PrecisionGeo(self.lieu['precision']).label}, {source}"

    def criteres(self) -> Criteres:
        return Criteres(
            lat=self.lieu["lat"],
            lon=self.lieu["lon"],
            rayon_km=self.rayon_km,
            specialite_ids=self.specialite_ids,
            noms=self.noms,
            disponibilite=self.disponibilite,
            modalites=self.modalites,
        )

    def avec(self, **changements: Any) -> Recherche:
        return replace(self, **changements)


def garder(session: SessionBase, recherche: Recherche) -> str:
    """Range la recherche et rend son jeton ; les plus anciennes s’effacent."""
    jeton = secrets.token_urlsafe(12)
    gardees = session.get(CLE, {}) | {jeton: asdict(recherche)}
    session[CLE] = dict(list(gardees.items())[-GARDEES:])
    return jeton


def retrouver(session: SessionBase, jeton: str) -> Recherche | None:
    gardee = session.get(CLE, {}).get(jeton)
    if gardee is None:
        return None
    return Recherche(
        **gardee
        | {
            "specialite_ids": tuple(gardee["specialite_ids"]),
            "modalites": tuple(gardee["modalites"]),
            "medecin_traitant": tuple(gardee.get("medecin_traitant", ())),
            "avis": tuple(gardee.get("avis", ())),
        }
    )


def derniers_quoi(session: SessionBase) -> list[Quoi]:
    """Ce qui a été cherché récemment, sans doublon, le plus récent d’abord ; quatre au plus (S-06)."""
    derniers = (
        Quoi(gardee["quoi"], tuple(gardee["specialite_ids"]), gardee["noms"])
        for gardee in reversed(session.get(CLE, {}).values())
    )
    return list(dict.fromkeys(derniers))[:4]
