"""Comptes de régulateurs tenus par l’éditeur simulé (INT_R02) : ce que vérifient les lignes 5.01 à 5.16 du kit."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

OID_PERSONNE = "urn:oid:1.2.250.1.71.4.2.1"
OID_SAS = "urn:oid:1.2.250.1.213.3.6"
TYPES = {OID_PERSONNE: "IDNPS", OID_SAS: "INTRN"}


class CompteRefuse(Exception):
    """`statut` HTTP et `code` FHIR de l’OperationOutcome à rendre."""

    def __init__(self, statut: int, code: str, motif: str) -> None:
        super().__init__(motif)
        self.statut = statut
        self.code = code


@dataclass(slots=True)
class CompteTenu:
    """`identifiant` : « système|valeur », vide quand un autre compte l’a repris."""

    id: int
    identifiant: str
    actif: bool
    nom: str
    prenom: str
    email: str


@dataclass(slots=True)
class Comptes:
    """Un identifiant n’est qu’à un compte actif ; un compte désactivé laisse le sien au premier qui le demande."""

    tenus: dict[int, CompteTenu] = field(default_factory=dict)
    _numeros: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def vider(self) -> None:
        self.tenus.clear()

    def reprendre(self, tenus: Iterable[CompteTenu]) -> None:
        """Ceux d’une vie précédente, à la place de ceux-ci ; la numérotation les suit."""
        self.tenus = {tenu.id: tenu for tenu in tenus}
        self._numeros = itertools.count(max(self.tenus, default=0) + 1)

    def creer(self, corps: bytes) -> CompteTenu:
        """POST. L’`id` du client est ignoré. Lève `CompteRefuse`."""
        return self._ranger(_lire(corps), next(self._numeros))

    def mettre(self, identifiant: str, corps: bytes) -> tuple[CompteTenu, bool]:
        """PUT conditionnel : le compte, et vrai s’il vient d’être créé. Lève `CompteRefuse`."""
        lu = _lire(corps)
        tenu = self._trouver(identifiant)
        if tenu is not None:
            return self._ranger(lu, tenu.id), False
        return self._ranger(lu, next(self._numeros)), True

    def _ranger(self, lu: CompteTenu, numero: int) -> CompteTenu:
        for autre in self.tenus.values():
            if autre.identifiant == lu.identifiant and autre.id != numero:
                if autre.actif:
                    raise CompteRefuse(409, "duplicate", "un autre compte actif porte cet identifiant")
                autre.identifiant = ""
        lu.id = numero
        self.tenus[numero] = lu
        return lu

    def _trouver(self, identifiant: str) -> CompteTenu | None:
        """Par système et valeur, sinon par la valeur seule : le kit change de système dans la requête (5.10)."""
        comptes = [tenu for tenu in self.tenus.values() if tenu.identifiant]
        trouve = next((tenu for tenu in comptes if tenu.identifiant == identifiant), None)
        if trouve:
            return trouve
        valeur = identifiant.rpartition("|")[2]
        return next((tenu for tenu in comptes if tenu.identifiant.rpartition("|")[2] == valeur), None)


def _lire(corps: bytes) -> CompteTenu:
    try:
        recu = msgspec.json.decode(corps)
    except msgspec.DecodeError:
        raise CompteRefuse(400, "structure", "JSON illisible") from None
    if not isinstance(recu, dict) or recu.get("resourceType") != "Practitioner":
        raise CompteRefuse(400, "structure", "une ressource Practitioner est attendue")
    actif = recu.get("active")
    if not isinstance(actif, bool):
        raise CompteRefuse(422, "required", "active manque")
    nom, prenom = _nom(recu)
    return CompteTenu(0, _identifiant(recu), actif, nom, prenom, _email(recu))


def _identifiant(recu: dict[str, Any]) -> str:
    for lu in _objets(recu.get("identifier")):
        systeme, valeur = lu.get("system"), lu.get("value")
        type_ = lu.get("type")
        codes = {c.get("code") for c in _objets(type_.get("coding") if isinstance(type_, dict) else None)}
        if systeme in TYPES and isinstance(valeur, str) and valeur.strip():
            if codes and TYPES[systeme] not in codes:
                raise CompteRefuse(422, "invariant", "type et système de l’identifiant se contredisent")
            return f"{systeme}|{valeur}"
    raise CompteRefuse(422, "required", "identifier manque")


def _nom(recu: dict[str, Any]) -> tuple[str, str]:
    for lu in _objets(recu.get("name")):
        nom, prenoms = lu.get("family"), lu.get("given")
        prenom = prenoms[0] if isinstance(prenoms, list) and prenoms else None
        if isinstance(nom, str) and nom.strip() and isinstance(prenom, str) and prenom.strip():
            return nom, prenom
    raise CompteRefuse(422, "required", "name.family et name.given manquent")


def _email(recu: dict[str, Any]) -> str:
    for lu in _objets(recu.get("telecom")):
        valeur = lu.get("value")
        if lu.get("system") == "email" and isinstance(valeur, str) and "@" in valeur:
            return valeur
    raise CompteRefuse(422, "required", "telecom de système email manque")


def _objets(valeur: object) -> list[dict[str, Any]]:
    return [objet for objet in valeur if isinstance(objet, dict)] if isinstance(valeur, list) else []
