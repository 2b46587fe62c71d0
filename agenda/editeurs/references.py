"""Résolution des références entre les ressources d’un Bundle."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from agenda.editeurs import fhir

R = TypeVar("R", bound=fhir.Ressource)


class Annuaire:
    """Ressources d’un Bundle par `Type/id` et par `fullUrl` ; la première d’un même nom l’emporte."""

    def __init__(self, entrees: Iterable[fhir.Entree]) -> None:
        self._par_nom: dict[str, fhir.Ressource] = {}
        for entree in entrees:
            ressource = entree.resource
            if ressource is None:
                continue
            if ressource.id:
                self._par_nom.setdefault(f"{type(ressource).__name__}/{ressource.id}", ressource)
            if entree.full_url:
                self._par_nom.setdefault(entree.full_url, ressource)

    def trouver(self, reference: str, type_: type[R]) -> R | None:
        """La ressource désignée, si elle est là et de ce type : relative, `fullUrl`, ou URL absolue."""
        if not reference:
            return None
        ressource = self._par_nom.get(reference)
        if ressource is None:
            morceaux = reference.split("/_history/", 1)[0].rsplit("/", 2)
            ressource = self._par_nom.get("/".join(morceaux[-2:]))
        return ressource if isinstance(ressource, type_) else None

    def premier(self, references: Iterable[fhir.Reference] | None, type_: type[R]) -> R | None:
        for reference in references or ():
            ressource = self.trouver(reference.reference or "", type_)
            if ressource is not None:
                return ressource
        return None


def premiere(valeurs: Iterable[str]) -> str:
    """La première valeur non vide, ou vide."""
    return next((valeur for valeur in valeurs if valeur), "")
