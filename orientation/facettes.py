"""Filtres et listes d’une page de résultats : ce que l’on peut choisir, et combien d’offres cela donnerait.

L’annuaire ne dit ni la carte Vitale, ni l’accès en fauteuil, ni les langues parlées : un lieu le déclare,
et ces filtres ne paraissent que là où l’un d’eux l’a fait.
"""

from __future__ import annotations

from dataclasses import dataclass

from agenda.enums import ModaliteConsultation
from annuaire.enums import Accueil, Conventionnement, Langue, TypeStructure
from annuaire.models import Profession
from comptes.droits import peut
from comptes.enums import Action, Role
from comptes.models import Compte
from orientation.carnet import Recherche
from orientation.lectures import EN_SUS, FORFAIT, LIBRES, NON_RENSEIGNE, OUI, TOUTES, Resultats
from sas_platform.socle.memoire import memoriser

LISTES = {
    TOUTES: "Toute l’offre",
    LIBRES: "Avec créneaux libres",
    EN_SUS: "En sus des disponibilités",
    FORFAIT: "Forfait de réorientation des urgences",
}
DELAIS = {
    "0-4": "Dans les 4 heures",
    "4-8": "De 4 à 8 heures",
    "8-12": "De 8 à 12 heures",
    "12-24": "De 12 à 24 heures",
    "24-48": "De 24 à 48 heures",
    "48-72": "De 48 à 72 heures",
}
SECTEURS = {code or NON_RENSEIGNE: str(libelle) for code, libelle in Conventionnement.choices}
VITALE = {OUI: str(Accueil.CARTE_VITALE.label)}
FAUTEUIL = {OUI: str(Accueil.FAUTEUIL.label)}
LANGUES = {code: str(libelle) for code, libelle in Langue.choices}
MODALITES = {code: str(libelle) for code, libelle in ModaliteConsultation.choices}
CATEGORIES = {
    "natures": "Type",
    "delais": "Disponible",
    "modalites": "Type de consultation",
    "secteurs": "Conventionnement",
    "vitale": "Paiement",
    "fauteuil": "Accessibilité",
    "langues": "Langue parlée",
}
DE_CRENEAUX = ("delais", "modalites")
DE_LIEUX = tuple(nom for nom in CATEGORIES if nom not in DE_CRENEAUX)
# Sans réponse, un lieu n’y compte pas : une seule valeur y écarte déjà quelqu’un.
DECLARES = ("vitale", "fauteuil", "langues")


@dataclass(frozen=True, slots=True)
class Option:
    valeur: str
    libelle: str
    nombre: int
    est_cochee: bool


@dataclass(frozen=True, slots=True)
class Categorie:
    nom: str
    titre: str
    options: list[Option]


@dataclass(frozen=True, slots=True)
class Puce:
    """Un filtre actif, que l’on retire d’un bouton ; `attend` : sans effet dans la liste montrée."""

    valeur: str
    libelle: str
    attend: bool


def listes_de(compte: Compte) -> list[str]:
    """Listes ouvertes à ce compte, la sienne d’abord (S-60) : l’infirmier d’accueil n’a que le forfait."""
    listes = [TOUTES, LIBRES]
    if peut(compte, Action.ORIENTER_EN_SUS):
        listes.append(EN_SUS)
    if Role.IOA in compte.roles:
        return [*listes, FORFAIT] if peut(compte, Action.ORIENTER_EN_SUS) else [FORFAIT]
    return listes


def onglets(compte: Compte, demande: Recherche, lus: Resultats) -> list[tuple[str, str, int, bool]]:
    """(valeur, libellé, nombre d’offres, montrée)."""
    return [
        (liste, LISTES[liste], lus.listes[liste], liste == demande.disponibilite)
        for liste in listes_de(compte)
    ]


def categories(demande: Recherche, lus: Resultats) -> list[Categorie]:
    """Filtres proposés : ce que le résultat contient, et ce qui est déjà coché, fût-il vide."""
    if lus.facettes is None:
        return []
    proposees = []
    for nom, titre in CATEGORIES.items():
        if nom in DE_CRENEAUX and not demande.criteres().demande_un_creneau:
            continue
        nombres = getattr(lus.facettes, nom)
        coches = getattr(demande, nom)
        options = [
            Option(valeur, libelle, nombres.get(valeur, 0), valeur in coches)
            for valeur, libelle in _libelles(nom).items()
            if nombres.get(valeur) or valeur in coches
        ]
        # Un filtre qui n’a qu’une valeur n’écarte personne.
        if len(options) > 1 or coches or (options and nom in DECLARES):
            proposees.append(Categorie(nom, titre, options))
    return proposees


def puces(demande: Recherche) -> list[Puce]:
    cherche_un_creneau = demande.criteres().demande_un_creneau
    return [
        Puce(
            f"{nom}:{valeur}",
            f"{titre} : {_libelles(nom).get(valeur, valeur)}",
            nom in DE_CRENEAUX and not cherche_un_creneau,
        )
        for nom, titre in CATEGORIES.items()
        for valeur in getattr(demande, nom)
    ]


def valeurs(nom: str) -> list[str]:
    return list(_libelles(nom))


def _libelles(nom: str) -> dict[str, str]:
    if nom == "natures":
        return _natures(None)
    return _LIBELLES[nom]


_LIBELLES = {
    "delais": DELAIS,
    "modalites": MODALITES,
    "secteurs": SECTEURS,
    "vitale": VITALE,
    "fauteuil": FAUTEUIL,
    "langues": LANGUES,
}


@memoriser(duree_s=60, taille=1)
def _natures(_tout: None) -> dict[str, str]:
    professions = dict(Profession.objects.order_by("libelle").values_list("code", "libelle"))
    return professions | {code: str(libelle) for code, libelle in TypeStructure.choices}
