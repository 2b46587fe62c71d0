"""Quoi et où : ce que l’on propose pendant la frappe, ce que l’on comprend d’un texte envoyé tel quel.

Un choix voyage signé : ses coordonnées reviennent telles qu’on les a proposées,
sans second géocodage (W-18), et personne ne peut en fabriquer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.core import signing

from annuaire.domaine.civilites import sans_civilite
from annuaire.domaine.lieu_tape import analyser, normaliser_lieu
from annuaire.enums import PrecisionGeo
from annuaire.lectures import (
    BesoinTrouve,
    LieuIntrouvableError,
    LieuTrouve,
    NomTrouve,
    besoins_suggeres,
    chercher_besoins,
    chercher_noms,
    chercher_specialites,
    geocoder,
    par_position,
)
from annuaire.models import Specialite
from sas_platform.socle.textes import normaliser

LETTRES_MIN = 3
LONGUEUR_MAX = 200
LIBELLE_MAX = 100  # celle du champ, qui le reçoit à son tour
NOMBRE = 6
DUREE_D_UN_CHOIX = timedelta(hours=4)

_SEL_LIEU, _SEL_QUOI = "orientation.lieu", "orientation.quoi"
_CODE_POSTAL = re.compile(r"^\d{5}$")
_POSITION = re.compile(r"^\s*(-?\d{1,2}[.,]\d{1,8})\s*[,; ]\s*(-?\d{1,3}[.,]\d{1,8})\s*$")

Choix = tuple[str, str, str]  # valeur signée, libellé, de quoi choisir entre deux homonymes
Groupe = tuple[str, list[Choix]]


@dataclass(frozen=True, slots=True)
class Quoi:
    """Une spécialité (ou profession, ou type de structure), ou bien un nom."""

    libelle: str
    specialite_ids: tuple[int, ...] = ()
    noms: str = ""


@dataclass(frozen=True, slots=True)
class LieuxCompris:
    """Ce qu’un texte peut désigner ; `nommes` : il les nomme, au lieu de leur ressembler."""

    lieux: list[LieuTrouve]
    nommes: bool

    @property
    def seul(self) -> LieuTrouve | None:
        """Le lieu sans équivoque. « Lomme » qui ressemble à Lommerange, à 300 km, se fait confirmer."""
        return self.lieux[0] if self.nommes and len(self.lieux) == 1 else None


# --- Choix signés -----------------------------------------------------------


def en_donnees(lieu: LieuTrouve) -> dict[str, Any]:
    """Forme qui voyage, signée, et que la session garde."""
    return asdict(lieu)


def en_lieu(donnees: dict[str, Any]) -> LieuTrouve:
    return LieuTrouve(**donnees | {"precision": PrecisionGeo(donnees["precision"])})


def signer_lieu(lieu: LieuTrouve) -> str:
    return signing.dumps(en_donnees(lieu), salt=_SEL_LIEU, compress=True)


def lieu_choisi(valeur: str) -> LieuTrouve | None:
    """Le lieu signé ; rien si la signature est fausse ou trop vieille."""
    lu = _lire(valeur, _SEL_LIEU)
    return en_lieu(lu) if lu else None


def signer_quoi(quoi: Quoi) -> str:
    return signing.dumps(asdict(quoi), salt=_SEL_QUOI, compress=True)


def quoi_choisi(valeur: str) -> Quoi | None:
    lu = _lire(valeur, _SEL_QUOI)
    return Quoi(**lu | {"specialite_ids": tuple(lu["specialite_ids"])}) if lu else None


def _lire(valeur: str, sel: str) -> dict[str, Any] | None:
    try:
        return dict(signing.loads(valeur, salt=sel, max_age=DUREE_D_UN_CHOIX))
    except signing.BadSignature:
        return None


# --- Pendant la frappe ------------------------------------------------------


def suggestions_de_quoi(texte: str, recents: Sequence[Quoi]) -> list[Groupe]:
    """Spécialités, besoins et noms ; sans texte, les recherches récentes de la session, et celles que l’on suggère."""
    texte = texte.strip()[:LONGUEUR_MAX]
    if not texte:
        suggerees = _signer_besoins(besoins_suggeres())
        return _sans_vide(
            [("Dernières recherches", _signer_quoi(recents)), ("Recherches suggérées", suggerees)]
        )
    if len(texte) < LETTRES_MIN:
        return []
    specialites = [_quoi(specialite) for specialite in chercher_specialites(texte, NOMBRE)]
    besoins = _signer_besoins(chercher_besoins(texte))
    noms = [(signer_quoi(_nomme(nom)), nom.libelle, nom.detail) for nom in chercher_noms(texte, NOMBRE)]
    return _sans_vide(
        [
            ("Spécialités, professions et structures", _signer_quoi(specialites)),
            ("Besoins courants (sans valeur de diagnostic)", besoins),
            ("Noms", noms),
        ]
    )


def suggestions_de_lieux(texte: str) -> list[Groupe]:
    """Départements, villes et adresses (S-06) ; ce qui porte exactement le nom tapé passe d’abord, de quelque sorte qu’il soit."""
    texte = texte.strip()[:LONGUEUR_MAX]
    if len(texte) < LETTRES_MIN and not analyser(texte).departement:
        return []
    lieux = _lieux(texte)

    tapes = set(normaliser_lieu(texte).split())
    exactes = {
        lieu.precision for lieu in lieux if _mots(lieu) <= tapes <= _mots(lieu) | {lieu.departement.lower()}
    }

    def de(*precisions: PrecisionGeo) -> list[Choix]:
        return [(signer_lieu(lieu), lieu.libelle, "") for lieu in lieux if lieu.precision in precisions]

    sortes = {
        "Villes": (PrecisionGeo.COMMUNE,),
        "Adresses": (PrecisionGeo.NUMERO, PrecisionGeo.RUE),
        "Départements": (PrecisionGeo.DEPARTEMENT,),
    }
    titres = sorted(sortes, key=lambda titre: exactes.isdisjoint(sortes[titre]))
    return _sans_vide([(titre, de(*sortes[titre])) for titre in titres])


def _sans_vide(groupes: Iterable[Groupe]) -> list[Groupe]:
    return [groupe for groupe in groupes if groupe[1]]


def _signer_quoi(quoi: Iterable[Quoi]) -> list[Choix]:
    return [(signer_quoi(un), un.libelle, "") for un in quoi]


def _signer_besoins(besoins: Iterable[BesoinTrouve]) -> list[Choix]:
    proposes = [(besoin.libelle, _repondant(besoin)) for besoin in besoins]
    return [(signer_quoi(quoi), quoi.libelle, f"pour\u00a0: {libelle}") for libelle, quoi in proposes]


# --- Un texte envoyé tel quel -----------------------------------------------


def comprendre_quoi(texte: str) -> list[Quoi]:
    """Un seul élément si le texte est sans équivoque, plusieurs s’il faut demander, aucun s’il ne dit rien.

    Un nom se cherche tel qu’il est tapé : ses homonymes sont tous dans les résultats.
    """
    specialites = chercher_specialites(texte, NOMBRE)
    cherche = normaliser(texte)
    for specialite in specialites:
        if cherche in {
            normaliser(nom) for nom in (specialite.libelle, specialite.code, *specialite.synonymes)
        }:
            return [_quoi(specialite)]
    besoins = chercher_besoins(texte)
    exacts = [besoin for besoin in besoins if besoin.est_exact]
    if len(exacts) == 1:
        return [_repondant(exacts[0])]
    trouves = [_quoi(specialite) for specialite in specialites]
    trouves += [quoi for quoi in map(_repondant, besoins) if quoi not in trouves]
    if chercher_noms(texte, 1):
        trouves.append(Quoi(libelle=texte, noms=sans_civilite(cherche)))
    return trouves


def comprendre_lieu(texte: str) -> LieuxCompris:
    """Un texte nomme un lieu par son code, par tous les mots de son nom, ou par quelques-uns en entier.

    Ce qui porte le nom le plus long l’emporte, et une commune sur le
    département de même nom (Paris).
    """
    lieux = _lieux(texte)
    tape = analyser(texte)
    if _POSITION.match(texte) or tape.arrondissement or tape.departement:
        return LieuxCompris(lieux, nommes=True)
    tapes = set(normaliser_lieu(texte).split())
    mots = [(_mots(lieu), lieu) for lieu in lieux]
    entiers = [(len(m), lieu) for m, lieu in mots if m and m <= tapes]
    if not entiers:
        return LieuxCompris(lieux, nommes=bool(tape.code_postal) or all(tapes <= m for m, _ in mots))
    longueur = max(nombre for nombre, _ in entiers)
    retenus = [lieu for nombre, lieu in entiers if nombre == longueur]
    sans_departement = [lieu for lieu in retenus if lieu.precision != PrecisionGeo.DEPARTEMENT]
    return LieuxCompris(sans_departement or retenus, nommes=True)


def est_une_adresse_perdue(texte: str, lieu: LieuTrouve) -> bool:
    """D’une adresse tapée, on n’a retrouvé que la commune : les distances partent de son centre."""
    if lieu.precision != PrecisionGeo.COMMUNE or analyser(texte).arrondissement:
        return False
    reste = set(normaliser_lieu(texte).split()) - _mots(lieu) - {lieu.departement.lower()}
    return not all(mot.isdigit() for mot in reste)


def _lieux(texte: str) -> list[LieuTrouve]:
    """Un point écrit « 50,63, 3,06 » est lu tel quel ; le reste est cherché."""
    position = _POSITION.match(texte)
    if position is None:
        return geocoder(texte)
    try:
        return [par_position(*(float(nombre.replace(",", ".")) for nombre in position.groups()))]
    except LieuIntrouvableError:
        return []


def _mots(lieu: LieuTrouve) -> set[str]:
    """Mots du libellé, sans ce qui est entre parenthèses ni code postal."""
    nom = normaliser_lieu(lieu.libelle.partition(" (")[0])
    return {mot for mot in nom.split() if not _CODE_POSTAL.match(mot)}


def _quoi(specialite: Specialite) -> Quoi:
    return Quoi(libelle=specialite.libelle, specialite_ids=(specialite.pk,))


def _repondant(besoin: BesoinTrouve) -> Quoi:
    """Qui répond à ce besoin. Le besoin lui-même n’est pas gardé : il dirait de quoi souffre quelqu’un."""
    noms = [specialite.libelle for specialite in besoin.specialites]
    return Quoi(
        libelle=" ou ".join(noms)[:LIBELLE_MAX],
        specialite_ids=tuple(specialite.pk for specialite in besoin.specialites),
    )


def _nomme(nom: NomTrouve) -> Quoi:
    return Quoi(libelle=nom.libelle, noms=nom.libelle)
