"""Recherches d’une session, désignées par un jeton au hasard.

L’adresse cherchée est souvent le domicile du patient : elle n’est ni dans
l’URL, ni dans le cookie, seulement dans la session, que le serveur garde et
que la déconnexion efface (W-70, docs/adr/0010).
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, fields, replace
from math import ceil
from typing import Any

from django.contrib.sessions.backends.base import SessionBase

from annuaire.enums import PrecisionGeo, TypeStructure
from annuaire.lectures import LieuTrouve
from annuaire.lectures.lieux import GEOPLATEFORME, INDEX_LOCAL, POINT_CHOISI
from annuaire.models import Structure
from orientation.lectures import Criteres
from orientation.suggestions import Quoi, en_lieu

CLE = "recherches"
GARDEES = 10

_SOURCES = {INDEX_LOCAL: "index local", GEOPLATEFORME: "Géoplateforme"}


@dataclass(frozen=True, slots=True)
class Recherche:
    """Ce qui a été demandé, tel qu’on le redira, et ce qu’on en a compris.

    `lieu` : un `LieuTrouve` en données simples, que la session sait garder.
    `medecin_traitant` : effecteurs qui passent en tête, `medecin` leur nom tel qu’on le redira.
    `secteur_cpts` : (numéro, nom) des CPTS dont la zone contient la commune. `cpts_id` : les membres de
    cette CPTS, et `retour` le jeton de la recherche d’où l’on vient.
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
    delais: tuple[str, ...] = ()
    natures: tuple[str, ...] = ()
    secteurs: tuple[str, ...] = ()
    vitale: tuple[str, ...] = ()
    fauteuil: tuple[str, ...] = ()
    langues: tuple[str, ...] = ()
    secteur_cpts: tuple[tuple[int, str], ...] = ()
    cpts_id: int | None = None
    cpts: str = ""
    retour: str = ""
    # Par où elle est entrée, et le jeton de celle que l’on affine : une recherche filtrée n’en est pas une autre.
    entree: str = "web"
    serie: str = ""

    @property
    def lieu_trouve(self) -> LieuTrouve:
        return en_lieu(self.lieu)

    @property
    def est_precise(self) -> bool:
        """Vrai pour une adresse ; faux pour le centre d’une commune ou d’un département (S-10)."""
        return self.lieu["precision"] in (PrecisionGeo.NUMERO, PrecisionGeo.RUE)

    @property
    def sorte_de_lieu(self) -> str:
        if self.lieu["source"] == POINT_CHOISI:
            return "le point"
        return "l’adresse" if self.est_precise else "la zone"

    @property
    def position(self) -> str:
        """D’où viennent les coordonnées : « centre de la commune, index local »."""
        if self.lieu["source"] == POINT_CHOISI:
            return "telle que donnée"
        source = _SOURCES.get(self.lieu["source"], self.lieu["source"])
        return f"{PrecisionGeo(self.lieu['precision']).label}, {source}"

    @property
    def departement(self) -> str:
        """Le département cherché, tant que l’on n’élargit pas au-delà de ce qui le couvre ; vide sinon (W-04)."""
        lieu = self.lieu
        entier = lieu["precision"] == PrecisionGeo.DEPARTEMENT and self.rayon_km <= lieu["rayon_defaut_km"]
        return str(lieu["departement"]) if entier else ""

    def rayon_elargi(self, pas: int) -> float:
        """Le rayon, élargi d’autant de pas du département, sans passer celui que le territoire admet."""
        if pas == 0:
            return self.rayon_km
        voulu = ceil(self.rayon_km + pas * self.lieu["pas_elargissement_km"])
        return max(self.rayon_km, min(voulu, self.lieu.get("rayon_maximal_km", voulu)))

    def criteres(self, compte_id: int | None = None) -> Criteres:
        return Criteres(
            lat=self.lieu["lat"],
            lon=self.lieu["lon"],
            rayon_km=self.rayon_km,
            specialite_ids=self.specialite_ids,
            noms=self.noms,
            disponibilite=self.disponibilite,
            modalites=self.modalites,
            delais=self.delais,
            natures=self.natures,
            secteurs=self.secteurs,
            vitale=self.vitale,
            fauteuil=self.fauteuil,
            langues=self.langues,
            departement="" if self.cpts_id else self.departement,
            medecin_traitant=() if self.cpts_id else self.medecin_traitant,
            cpts_id=self.cpts_id,
            # Qui l’on cherche par son nom ne se range pas derrière un autre.
            regroupees=()
            if self.cpts_id or self.noms
            else tuple(cpts_id for cpts_id, _ in self.secteur_cpts),
            compte_id=compte_id,
        )

    def avec(self, **changements: Any) -> Recherche:
        return replace(self, **changements)


def garder(session: SessionBase, recherche: Recherche) -> str:
    """Range la recherche et rend son jeton ; ce que l’on a quitté s’efface."""
    jeton = secrets.token_urlsafe(12)
    remplacer(session, jeton, recherche if recherche.serie else recherche.avec(serie=jeton))
    return jeton


def remplacer(session: SessionBase, jeton: str, recherche: Recherche) -> None:
    if not recherche.secteur_cpts and recherche.lieu["code_insee"]:
        recherche = recherche.avec(secteur_cpts=_cpts_du_secteur(recherche.lieu["code_insee"]))
    gardees = session.get(CLE, {}) | {jeton: asdict(recherche)}
    while len(gardees) > GARDEES:
        del gardees[_moins_utile(gardees)]
    session[CLE] = gardees


def _moins_utile(gardees: dict[str, Any]) -> str:
    """La plus ancienne que l’on a affinée depuis ; à défaut, la plus ancienne.

    Affiner sans fin dans un onglet n’efface ni ce qu’un autre montre, ni où « Retour à la recherche » mène, ni la
    page que l’on vient de quitter, où ramène « Précédent ».
    """
    series = [gardee["serie"] for gardee in gardees.values()]
    en_cours = [jeton for jeton, serie in zip(gardees, series, strict=True) if serie == series[-1]][-2:]
    dernieres = dict(zip(series, gardees, strict=True)).values()
    montrees = {*dernieres, *(gardees[jeton]["retour"] for jeton in dernieres)}
    quittees = [jeton for jeton in gardees if jeton not in en_cours]
    return next((jeton for jeton in quittees if jeton not in montrees), quittees[0])


def retrouver(session: SessionBase, jeton: str) -> Recherche | None:
    gardee = session.get(CLE, {}).get(jeton)
    if gardee is None:
        return None
    # En JSON, un tuple devient une liste.
    lue = {champ.name: gardee[champ.name] for champ in fields(Recherche) if champ.name in gardee}
    lue |= {nom: tuple(valeur) for nom, valeur in lue.items() if isinstance(valeur, list)}
    return Recherche(**lue | {"secteur_cpts": tuple((n, nom) for n, nom in lue.get("secteur_cpts", ()))})


def _cpts_du_secteur(code_insee: str) -> tuple[tuple[int, str], ...]:
    """CPTS actives dont la zone d’intervention contient la commune (S-80)."""
    cpts = Structure.objects.filter(
        type=TypeStructure.CPTS, est_active=True, communes_intervention=code_insee
    ).order_by("nom", "pk")
    return tuple(cpts.values_list("pk", "nom"))


def chez_la_cpts(recherche: Recherche, cpts_id: int, *, jeton: str) -> Recherche:
    """Les membres d’une CPTS du secteur, sans distance (S-83) ; la même recherche si elle n’en est pas."""
    nom = dict(recherche.secteur_cpts).get(cpts_id)
    return recherche.avec(cpts_id=cpts_id, cpts=nom, retour=jeton) if nom else recherche


def derniers_quoi(session: SessionBase) -> list[Quoi]:
    """Ce qui a été cherché récemment, sans doublon, le plus récent d’abord ; quatre au plus (S-06)."""
    derniers = (
        Quoi(gardee["quoi"], tuple(gardee["specialite_ids"]), gardee["noms"])
        for gardee in reversed(session.get(CLE, {}).values())
    )
    return list(dict.fromkeys(derniers))[:4]
