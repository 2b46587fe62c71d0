"""Une déclaration racontée : chaque réponse en français, et ce qui change de l’une à l’autre."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MODALITES = {
    "individuel": "à titre individuel",
    "cpts": "via une CPTS",
    "msp": "via une MSP",
    "sos": "via une association SOS Médecins",
}
_LIBELLES = {
    "participe": "Participation au SAS",
    "modalite": "Modalité",
    "structure": "Structure",
    "lieux": "Lieux rattachés à la CPTS",
    "utilise_logiciel": "Logiciel de rendez-vous interfacé",
    "logiciels": "Logiciels",
    "declare_deux_heures": "Deux heures par semaine déclarées sur l’honneur",
    "refuse_affichage": "Refus d’afficher les créneaux du logiciel",
    "forfait_reorientation": "Forfait de réorientation des urgences",
    "nombre_effecteurs": "Nombre de professionnels qui participent",
}
_SANS_REPONSE = "sans réponse"


@dataclass(frozen=True, slots=True)
class Noms:
    """Ce que désignent les numéros gardés dans une version."""

    structures: Mapping[int, str] = field(default_factory=dict)
    lieux: Mapping[int, str] = field(default_factory=dict)
    logiciels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changement:
    libelle: str
    avant: str
    apres: str


def raconter(avant: Mapping[str, Any] | None, apres: Mapping[str, Any], noms: Noms) -> list[Changement]:
    """Réponses qui diffèrent, dans l’ordre du formulaire ; la première fois, celles qui disent quelque chose."""
    changements = []
    for champ, libelle in _LIBELLES.items():
        if champ not in apres:
            continue
        ancien = _SANS_REPONSE if avant is None else _ecrire(champ, avant.get(champ), noms)
        nouveau = _ecrire(champ, apres[champ], noms)
        rien_a_dire = avant is None and not apres[champ] and champ != "participe"
        if nouveau != ancien and not rien_a_dire:
            changements.append(Changement(libelle, ancien, nouveau))
    return changements


def _ecrire(champ: str, valeur: Any, noms: Noms) -> str:
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    if champ == "nombre_effecteurs":
        return str(valeur or 0)
    if not valeur:
        return _SANS_REPONSE
    if champ == "modalite":
        return MODALITES.get(valeur, str(valeur))
    if champ == "structure":
        return noms.structures.get(valeur, "structure fermée")
    if champ == "lieux":
        return "\u00a0; ".join(noms.lieux.get(lieu, "lieu fermé") for lieu in valeur)
    return ", ".join(noms.logiciels.get(code, code) for code in valeur)
