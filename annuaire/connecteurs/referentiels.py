"""Lit les données de référence livrées avec le code (`annuaire/donnees`, sources dans SOURCES.md)."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from annuaire.domaine.rayons import Rayons, rayons

DONNEES = Path(__file__).resolve().parent.parent / "donnees"
# Terres australes et Clipperton : aucune population permanente, ni fuseau ni coordonnées utilisables.
SANS_POPULATION = frozenset({"984", "989"})

Ligne = dict[str, str]


@dataclass(frozen=True, slots=True)
class DepartementLu:
    code: str
    nom: str
    region: str
    zone: str
    fuseau: str
    population: int
    lat: float | None
    lon: float | None
    rayons: Rayons


@dataclass(frozen=True, slots=True)
class CommuneLue:
    code_insee: str
    nom: str
    commune_parente: str
    departement: str
    codes_postaux: tuple[str, ...]
    population: int
    lat: float | None
    lon: float | None


def lire_csv(nom: str) -> Iterator[Ligne]:
    with (DONNEES / nom).open(encoding="utf-8", newline="") as flux:
        yield from csv.DictReader(flux)


def departements() -> Iterator[DepartementLu]:
    """Départements et collectivités, rayons corrigés ; centre des collectivités : leur chef-lieu."""
    publies = {ligne["code_departement"]: ligne for ligne in lire_csv("rayons_recherche_2025.csv")}
    densites = {ligne["code_departement"]: ligne["ps_par_km2"] for ligne in lire_csv("densite_mg_2020.csv")}
    outre_mer = {ligne["code"]: ligne for ligne in lire_csv("outre_mer.csv")}
    positions = {c.code_insee: (c.lat, c.lon) for c in communes()}
    for ligne in lire_csv("departements.csv"):
        code = ligne["code"]
        if code in SANS_POPULATION:
            continue
        publie, complement = publies.get(code, {}), outre_mer.get(code, {})
        lat, lon = _reel(ligne["lat"]), _reel(ligne["lon"])
        if lat is None:
            lat, lon = positions[ligne["chef_lieu_code"]]
        yield DepartementLu(
            code=code,
            nom=ligne["nom"],
            region=ligne["region_nom"],
            zone=ligne["zone"],
            fuseau=ligne["timezone"],
            population=int(ligne["population"] or 0),
            lat=lat,
            lon=lon,
            rayons=rayons(
                superficie_km2=float(complement.get("superficie_km2") or publie["superficie_km2"]),
                defaut_publie_km=int(publie.get("rayon_defaut_commune_km") or 0),
                mg_par_km2=_reel(densites.get(code, "")),
                etendue_km=int(complement.get("etendue_km") or 0),
            ),
        )


def communes() -> Iterator[CommuneLue]:
    """Communes puis arrondissements, comme l’exige le lien de l’arrondissement à sa commune."""
    lignes = list(_lignes_communes())
    chefs_lieux = _chefs_lieux_manquants()
    for ligne in sorted(lignes, key=lambda ligne: ligne["type"] == "ARM"):
        code = ligne["code_insee"]
        if ligne["departement"] in SANS_POPULATION:
            continue
        lat, lon = chefs_lieux.get(code) or (_reel(ligne["lat"]), _reel(ligne["lon"]))
        yield CommuneLue(
            code_insee=code,
            nom=ligne["nom"],
            commune_parente=ligne["commune_parente"],
            departement=ligne["departement"],
            codes_postaux=tuple(ligne["codes_postaux"].split()),
            population=int(ligne["population"] or 0),
            lat=lat,
            lon=lon,
        )


def _lignes_communes() -> Iterator[Ligne]:
    with gzip.open(DONNEES / "communes.csv.gz") as octets:
        yield from csv.DictReader(io.TextIOWrapper(octets, encoding="utf-8", newline=""))


def _chefs_lieux_manquants() -> dict[str, tuple[float, float]]:
    codes = {ligne["code"]: ligne["chef_lieu_code"] for ligne in lire_csv("departements.csv")}
    return {
        codes[ligne["code"]]: (float(ligne["chef_lieu_lat"]), float(ligne["chef_lieu_lon"]))
        for ligne in lire_csv("outre_mer.csv")
        if ligne["chef_lieu_lat"]
    }


def _reel(texte: str) -> float | None:
    return float(texte) if texte else None
