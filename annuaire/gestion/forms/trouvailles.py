"""Chercher dans l’annuaire sans JavaScript : le texte tapé donne des cases, que l’on coche puis enregistre."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from annuaire.champs import Champ
from annuaire.enums import TypeStructure
from annuaire.gestion import messages
from annuaire.gestion.recherches import (
    LIMITE,
    decrire_effecteur,
    decrire_structure,
    effecteurs_de_cles,
    effecteurs_trouves,
    est_un_numero,
    numero_compact,
    structures_rattachables,
    structures_trouvees,
)
from annuaire.models import Structure

_SEPARATEURS = re.compile(r"[;,|\n]")


@dataclass(frozen=True, slots=True)
class Cherche:
    """Un champ de recherche (`champ`), et les cases qu’il remplit (`cases`)."""

    champ: str
    cases: str
    trouver: Callable[[str, Champ], list[Any]]
    decrire: Callable[[Any], str]
    introuvable: str
    types: tuple[TypeStructure, ...] = ()
    autre_type: str = ""


def _structures(types: tuple[TypeStructure, ...]) -> Callable[[str, Champ], list[Structure]]:
    return lambda texte, champ: structures_trouvees(texte, champ, types or None)


def _cherche_structure(champ: str, cases: str, autre_type: str = "", *types: TypeStructure) -> Cherche:
    return Cherche(
        champ,
        cases,
        _structures(types),
        decrire_structure,
        messages.STRUCTURE_INTROUVABLE,
        types,
        autre_type,
    )


CHERCHES = (
    _cherche_structure("structures_cherche", "structures"),
    _cherche_structure("sos_cherche", "structures", messages.PAS_SOS, TypeStructure.SOS),
    _cherche_structure("cpts_cherche", "structures", messages.PAS_CPTS, TypeStructure.CPTS),
    Cherche(
        "professionnels_cherche",
        "professionnels",
        effecteurs_trouves,
        decrire_effecteur,
        messages.NUMERO_INVALIDE,
    ),
    _cherche_structure("structures_liees_cherche", "structures_liees"),
)


class RechercheDansLAnnuaire:
    """Partie d’un formulaire : résout les champs de recherche et tient à jour les cases à montrer."""

    champ_gere: Champ
    fields: dict[str, Any]
    cleaned_data: dict[str, Any]
    add_error: Callable[[str | None, str], None]

    def resoudre(self) -> None:
        """Ajoute aux clés cochées celles que les numéros désignent ; un nom demande de choisir."""
        a_montrer: dict[str, set[int]] = defaultdict(set)
        for cherche in CHERCHES:
            cochees = dict.fromkeys(self.cleaned_data.get(cherche.cases) or [])
            candidats = self._resoudre_un(cherche, cochees)
            self.cleaned_data[cherche.cases] = list(cochees)
            a_montrer[cherche.cases] |= {*cochees, *candidats}
        for cases, cles in a_montrer.items():
            self.montrer(cases, cles)

    def _resoudre_un(self, cherche: Cherche, cochees: dict[int, None]) -> list[int]:
        texte = self.cleaned_data.get(cherche.champ) or ""
        morceaux = [morceau.strip() for morceau in _SEPARATEURS.split(texte) if morceau.strip()]
        if not morceaux:
            return []
        if all(map(est_un_numero, morceaux)):
            return self._par_numero(cherche, morceaux, cochees)
        trouves = cherche.trouver(texte, self.champ_gere)
        candidats = [ligne.pk for ligne in trouves[:LIMITE]]
        if not candidats:
            self.add_error(cherche.champ, cherche.introuvable)
        elif not cochees.keys() & set(candidats):
            self.add_error(
                cherche.champ, messages.PRECISER if len(trouves) > LIMITE else messages.CHOISIR_UNE
            )
        return candidats

    def _par_numero(self, cherche: Cherche, numeros: list[str], cochees: dict[int, None]) -> list[int]:
        compacts = [numero_compact(numero) for numero in numeros]
        if len(set(compacts)) < len(compacts):
            self.add_error(cherche.champ, messages.IDENTIQUES.format(self.fields[cherche.champ].label))
        candidats: list[int] = []
        for numero in dict.fromkeys(compacts):
            trouves = cherche.trouver(numero, self.champ_gere)
            cles = [ligne.pk for ligne in trouves]
            if not trouves:
                self.add_error(cherche.champ, cherche.introuvable)
            elif cherche.types and all(ligne.type not in cherche.types for ligne in trouves):
                self.add_error(cherche.champ, cherche.autre_type.format(numero))
            elif len(trouves) == 1:
                cochees[cles[0]] = None
            elif not cochees.keys() & set(cles):
                candidats += cles
                self.add_error(cherche.champ, messages.CHOISIR_UNE)
        return candidats

    def montrer(self, cases: str, cles: Iterable[int]) -> None:
        uniques = set(cles)
        if cases == "professionnels":
            lignes = [(e.pk, decrire_effecteur(e)) for e in effecteurs_de_cles(uniques)]
        else:
            structures = structures_rattachables(self.champ_gere).filter(pk__in=uniques)
            ordonnees = structures.select_related("commune").order_by("nom", "pk")
            lignes = [(structure.pk, decrire_structure(structure)) for structure in ordonnees]
        self.fields[cases].choices = lignes
