"""Petit validateur des profils du guide : ce que la ligne 4.2.02 du kit demande, pour ce que nous émettons.

Il vérifie, d’après les StructureDefinition officielles : les cardinalités, les
valeurs fixes et les motifs, les liaisons obligatoires dont le jeu de valeurs
est connu ici, les tranches (par valeur, type ou profil) et le type des
ressources visées. La structure de base de FHIR R4 (champs inconnus, formats
des primitives, champs obligatoires des types) revient à `fhir.resources`.

Il ne vérifie pas les invariants FHIRPath, les terminologies absentes du paquet
(spécialités, professions : un code est exigé, non lequel), ni les profils des
types de données FR Core au-delà de ce que l’instantané déplie. Le validateur
officiel reste le juge.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

DONNEES = Path(__file__).parents[1] / "donnees" / "profils"
VERSIONS = ("1.1.0", "1.2.0")

_HL7 = "http://hl7.org/fhir/ValueSet"
_R314 = "https://mos.esante.gouv.fr/NOS/TRE_R314-TypeCreneau/FHIR/TRE-R314-TypeCreneau"
_ACTE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
# Jeux de valeurs que le paquet cite sans les contenir ; sans système : liés à un simple code.
JEUX_CONNUS: dict[str, set[tuple[str, str]]] = {
    "https://mos.esante.gouv.fr/NOS/JDV_J165-TypeCreneau-SAS/FHIR/JDV-J165-TypeCreneau-SAS": {
        (_R314, code) for code in ("PUBLIC", "PRO", "SNP", "CPTS")
    },
    "http://terminology.hl7.org/ValueSet/v3-ActEncounterCode": {
        (_ACTE, code)
        for code in ["AMB", "EMER", "FLD", "HH", "IMP", "ACUTE", "NONAC", "OBSENC", "PRENC", "SS", "VR"]
    },
    f"{_HL7}/slotstatus": {("", c) for c in ["busy", "free", "busy-unavailable", "busy-tentative"]},
    f"{_HL7}/search-entry-mode": {("", code) for code in ("match", "include", "outcome")},
    f"{_HL7}/appointmentstatus": {
        ("", code)
        for code in ["proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow"]
    },
    f"{_HL7}/participationstatus": {("", c) for c in ["accepted", "declined", "tentative", "needs-action"]},
    f"{_HL7}/contact-point-system": {
        ("", c) for c in ["phone", "fax", "email", "pager", "url", "sms", "other"]
    },
    f"{_HL7}/days-of-week": {("", code) for code in ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]},
}


@dataclass(slots=True)
class _Noeud:
    regle: dict[str, Any] = field(default_factory=dict)
    enfants: dict[str, _Noeud] = field(default_factory=dict)
    tranches: dict[str, _Noeud] = field(default_factory=dict)

    def descendre(self, segment: str) -> _Noeud:
        nom, _, tranche = segment.partition(":")
        enfant = self.enfants.setdefault(nom, _Noeud())
        return enfant.tranches.setdefault(tranche, _Noeud()) if tranche else enfant


class Profils:
    """Les profils d’une version du guide."""

    def __init__(self, version: str) -> None:
        paquet = json.loads((DONNEES / f"{version}.json").read_bytes())
        self._definitions = paquet["StructureDefinition"]
        self._jeux = JEUX_CONNUS | {
            url: {(systeme, code) for systeme, code in codes} for url, codes in paquet["ValueSet"].items()
        }

    def ecarts(self, ressource: dict[str, Any]) -> list[str]:
        """Ce que la ressource, ses entrées et ses contenues ont de contraire au profil que chacune annonce."""
        profils = ressource.get("meta", {}).get("profile", [])
        nom = f"{ressource['resourceType']}/{ressource.get('id', '')}"
        if len(profils) != 1 or profils[0] not in self._definitions:
            return [f"{nom} : un profil connu, et un seul ({profils})"]
        if self._definitions[profils[0]]["type"] != ressource["resourceType"]:
            return [f"{nom} : le profil {profils[0]} est d’un autre type"]
        trouves = list(self._verifier(ressource, self._arbre(profils[0]), nom))
        for contenue in ressource.get("contained", ()):
            trouves += self.ecarts(contenue)
        for entree in ressource.get("entry", ()):
            trouves += self.ecarts(entree["resource"])
        return trouves

    @cache  # noqa: B019 : deux versions, une poignée de profils
    def _arbre(self, url: str) -> _Noeud:
        racine = _Noeud()
        for element in self._definitions[url]["element"]:
            noeud = racine
            for segment in element["id"].split(".")[1:]:
                noeud = noeud.descendre(segment)
            noeud.regle = element
        return racine

    def _verifier(self, valeur: Any, noeud: _Noeud, chemin: str) -> Iterator[str]:
        yield from self._regles(valeur, noeud.regle, chemin)
        if not isinstance(valeur, dict):
            return
        for nom, enfant in noeud.enfants.items():
            valeurs = _valeurs(valeur, nom)
            yield from _cardinalite(valeurs, enfant.regle, f"{chemin}.{nom}")
            for rang, une in enumerate(valeurs):
                yield from self._verifier(une, enfant, f"{chemin}.{nom}[{rang}]")
            tranchees: list[Any] = []
            for tranche, regles in enfant.tranches.items():
                siennes = [une for une in valeurs if self._est_dans(une, regles, nom, enfant.regle)]
                tranchees += siennes
                yield from _cardinalite(siennes, regles.regle, f"{chemin}.{nom}:{tranche}")
                for une in siennes:
                    yield from self._verifier(une, regles, f"{chemin}.{nom}:{tranche}")
            if enfant.regle.get("slicing", {}).get("rules") == "closed" and len(tranchees) < len(valeurs):
                yield f"{chemin}.{nom} : valeur hors des tranches admises"

    def _regles(self, valeur: Any, regle: dict[str, Any], chemin: str) -> Iterator[str]:
        for nom, voulue in regle.items():
            if nom.startswith("fixed") and valeur != voulue:
                yield f"{chemin} : {voulue!r} attendu"
            if nom.startswith("pattern") and not _contient(valeur, voulue):
                yield f"{chemin} : doit contenir {voulue!r}"
        if "valueSet" in regle and not self._est_lie(valeur, regle["valueSet"]):
            yield f"{chemin} : hors de {regle['valueSet']}"
        visees = {cible for type_ in regle.get("type", ()) for cible in type_.get("targetProfile", ())}
        types = {self._definitions[url]["type"] for url in visees if url in self._definitions}
        reference = valeur.get("reference", "") if isinstance(valeur, dict) else ""
        if len(types) == len(visees) > 0 and "/" in reference and reference.split("/")[-2] not in types:
            yield f"{chemin} : {reference} n’est pas du type {sorted(types)}"

    def _est_lie(self, valeur: Any, url: str) -> bool:
        jeu = self._jeux.get(url)
        if isinstance(valeur, str):
            return jeu is None or any(code == valeur for _, code in jeu)
        codings = valeur.get("coding", []) if "system" not in valeur else [valeur]
        lus = {(coding.get("system"), coding.get("code")) for coding in codings}
        return bool(lus) and (jeu is None or not lus.isdisjoint(jeu))

    def _est_dans(self, valeur: Any, tranche: _Noeud, nom: str, parent: dict[str, Any]) -> bool:
        if nom == "extension":
            attendue = tranche.regle["type"][0]["profile"][0]
            return bool(valeur.get("url") == attendue)
        for discriminant in parent.get("slicing", {}).get("discriminator", ()):
            if not self._discrimine(valeur, tranche, discriminant):
                return False
        return True

    def _discrimine(self, valeur: Any, tranche: _Noeud, discriminant: dict[str, str]) -> bool:
        genre, chemin = discriminant["type"], discriminant["path"]
        if chemin == "resource":
            (type_,) = tranche.enfants["resource"].regle["type"]
            if genre == "type":
                return bool(valeur["resource"]["resourceType"] == type_["code"])
            return type_["profile"][0] in valeur["resource"].get("meta", {}).get("profile", ())
        if chemin == "$this":
            return genre == "type" or self._est_lie(valeur, tranche.regle["valueSet"])
        noeud, valeurs = tranche, [valeur]
        for segment in chemin.split("."):
            noeud = noeud.enfants[segment]
            valeurs = [v for une in valeurs for v in _valeurs(une, segment)]
        voulu = next(v for n, v in noeud.regle.items() if n.startswith(("fixed", "pattern")))
        return voulu in valeurs


def _valeurs(parent: dict[str, Any], nom: str) -> list[Any]:
    if nom.endswith("[x]"):
        return [valeur for cle, valeur in parent.items() if cle.startswith(nom[:-3])]
    valeur = parent.get(nom)
    return [] if valeur is None else valeur if isinstance(valeur, list) else [valeur]


def _cardinalite(valeurs: list[Any], regle: dict[str, Any], chemin: str) -> Iterator[str]:
    if len(valeurs) < regle.get("min", 0):
        yield f"{chemin} : {regle['min']} au moins, {len(valeurs)} trouvé"
    if regle.get("max", "*") != "*" and len(valeurs) > int(regle["max"]):
        yield f"{chemin} : {regle['max']} au plus, {len(valeurs)} trouvés"


def _contient(valeur: Any, motif: Any) -> bool:
    if isinstance(motif, dict):
        return isinstance(valeur, dict) and all(_contient(valeur.get(c), m) for c, m in motif.items())
    if isinstance(motif, list):
        return isinstance(valeur, list) and all(any(_contient(v, m) for v in valeur) for m in motif)
    return bool(valeur == motif)
