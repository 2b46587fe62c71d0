"""Lecture tolérante des ressources FHIR R4 d’un éditeur : bytes en entrée, structures en sortie.

Deux temps. L’enveloppe du Bundle est lue d’abord, chaque entrée restant brute ;
puis chaque entrée est lue à part, si bien qu’une entrée fautive n’en coûte
aucune autre. Une entrée que la lecture typée refuse est relue champ par champ :
un champ illisible vaut absent, le reste est gardé.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Raw, Struct

PROFONDEUR_MAX = 64
_NUL = Raw(b"null")
_JETON = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_ERREURS = (msgspec.DecodeError, ValueError, RecursionError)

T = TypeVar("T")
Instant = Annotated[datetime, Meta(tz=True)]


class BundleInvalide(ValueError):
    """Ce n’est pas un Bundle de recherche ; le message dit pourquoi."""


class _Element(Struct, rename="camel", gc=False):
    pass


class Coding(_Element):
    system: str | None = None
    code: str | None = None


class CodeableConcept(_Element):
    coding: list[Coding] | None = None
    text: str | None = None


class Identifier(_Element):
    system: str | None = None
    value: str | None = None


class Reference(_Element):
    reference: str | None = None
    identifier: Identifier | None = None


class Extension(_Element):
    url: str | None = None
    value_reference: Reference | None = None


class ServiceType(_Element):
    coding: list[Coding] | None = None
    text: str | None = None
    extension: list[Extension] | None = None


class Metadonnees(_Element):
    security: list[Coding] | None = None


class ContactPoint(_Element):
    system: str | None = None
    value: str | None = None


class Address(_Element):
    line: list[str] | None = None
    city: str | None = None
    postal_code: str | None = None


class Position(_Element):
    latitude: float | None = None
    longitude: float | None = None


class _Localisation(_Element):
    id: str | None = None
    identifier: list[Identifier] | None = None
    name: str | None = None
    telecom: list[ContactPoint] | None = None
    address: Address | None = None
    position: Position | None = None
    managing_organization: Reference | None = None


class Contenu(_Localisation):
    """Ressource contenue dans un PractitionerRole ; seul le type Location nous intéresse."""

    resource_type: str | None = None


class Slot(_Element, tag_field="resourceType", tag="Slot"):
    """Ce qui se répète d’un créneau à l’autre reste brut : `lire_champ` le lit, une fois par valeur."""

    id: str | None = None
    schedule: Raw = _NUL
    meta: Raw = _NUL
    service_type: Raw = _NUL
    specialty: Raw = _NUL
    appointment_type: Raw = _NUL
    status: str | None = None
    start: Instant | None = None
    end: Instant | None = None
    comment: str | None = None


class Schedule(_Element, tag_field="resourceType", tag="Schedule"):
    id: str | None = None
    actor: list[Reference] | None = None


class Practitioner(_Element, tag_field="resourceType", tag="Practitioner"):
    id: str | None = None
    identifier: list[Identifier] | None = None


class PractitionerRole(_Element, tag_field="resourceType", tag="PractitionerRole"):
    id: str | None = None
    contained: list[Contenu] | None = None
    practitioner: Reference | None = None
    organization: Reference | None = None
    location: list[Reference] | None = None
    telecom: list[ContactPoint] | None = None


class Location(_Localisation, tag_field="resourceType", tag="Location"):
    pass


class HealthcareService(_Element, tag_field="resourceType", tag="HealthcareService"):
    id: str | None = None
    provided_by: Reference | None = None


class Organization(_Element, tag_field="resourceType", tag="Organization"):
    id: str | None = None
    identifier: list[Identifier] | None = None
    name: str | None = None


Ressource = Slot | Schedule | Practitioner | PractitionerRole | Location | HealthcareService | Organization
TYPES: dict[str, type[Struct]] = {classe.__name__: classe for classe in get_args(Ressource)}


class Entree(_Element):
    full_url: str | None = None
    resource: Ressource | None = None


class _Lien(_Element):
    relation: str | None = None
    url: str | None = None


class Enveloppe(_Element):
    """Le Bundle sans ses entrées : `total` et `link` restent bruts, leur faute ne coûte rien."""

    resource_type: str = ""
    type: str = ""
    total: Raw = _NUL
    link: Raw = _NUL
    entry: list[Raw] | None = None

    def lien(self, relation: str) -> str:
        liens = _convertir(lire_json(bytes(self.link)), list[_Lien]) or []
        return next((lien.url for lien in liens if lien.relation == relation and lien.url), "")

    def total_annonce(self) -> int | None:
        total = lire_json(bytes(self.total))
        return int(total) if isinstance(total, int | float) and 0 <= total < 10**9 else None


_ENVELOPPE = msgspec.json.Decoder(Enveloppe)
_ENTREE = msgspec.json.Decoder(Entree)
_BOM = b"\xef\xbb\xbf"


def lire_enveloppe(octets: bytes) -> Enveloppe:
    """Enveloppe d’un Bundle `searchset`. Lève `BundleInvalide`.

    Un imbriquement démesuré (attaque) est élagué au lieu d’emporter la réponse.
    """
    octets = octets.removeprefix(_BOM)
    try:
        enveloppe = _ENVELOPPE.decode(octets)
    except msgspec.ValidationError as erreur:
        raise BundleInvalide(f"enveloppe du Bundle illisible : {erreur}") from erreur
    except _ERREURS:
        enveloppe = _lire_enveloppe_abimee(_elaguer(octets))
    if enveloppe.resource_type != "Bundle":
        raise BundleInvalide("la réponse n’est pas un Bundle")
    if enveloppe.type != "searchset":
        raise BundleInvalide("le Bundle n’est pas le résultat d’une recherche (searchset)")
    return enveloppe


def _lire_enveloppe_abimee(octets: bytes) -> Enveloppe:
    """Seconde chance de ce que msgspec refuse en bloc : une seule chaîne mal codée, par exemple."""
    contenu = lire_json(octets)
    if not isinstance(contenu, dict):
        raise BundleInvalide("la réponse n’est pas du JSON")
    if not isinstance(contenu.get("entry"), list | None):
        raise BundleInvalide("les entrées du Bundle ne sont pas une liste")
    try:
        return msgspec.convert(
            {
                "resourceType": contenu.get("resourceType", ""),
                "type": contenu.get("type", ""),
                "entry": [Raw(json.dumps(entree)) for entree in contenu.get("entry") or ()],
                **{cle: Raw(json.dumps(contenu.get(cle))) for cle in ("total", "link")},
            },
            Enveloppe,
        )
    except (msgspec.ValidationError, TypeError) as erreur:
        raise BundleInvalide(f"enveloppe du Bundle illisible : {erreur}") from erreur


def lire_entree(brute: Raw) -> Entree | None:
    """Une entrée, aussi complète que ses champs le permettent ; rien si son type est inconnu."""
    try:
        return _ENTREE.decode(brute)
    except _ERREURS:
        return _lire_champ_par_champ(bytes(brute))


def lire_champ(brut: Raw | bytes, type_: type[T]) -> T | None:
    """Un champ laissé brut, ou ce qui en est lisible."""
    decodeur: msgspec.json.Decoder[T | None] = _decodeur(type_)  # type: ignore[arg-type]
    try:
        return decodeur.decode(brut)
    except _ERREURS:
        lu: T | None = _convertir(lire_json(bytes(brut)), type_)
        return lu


@cache
def _decodeur(type_: Any) -> Any:
    return msgspec.json.Decoder(type_ | None)


def _lire_champ_par_champ(octets: bytes) -> Entree | None:
    entree = lire_json(octets)
    if not isinstance(entree, dict) or not isinstance(ressource := entree.get("resource"), dict):
        return None
    classe = TYPES.get(str(ressource.get("resourceType")))
    if classe is None:
        return None
    return Entree(full_url=_convertir(entree.get("fullUrl"), str), resource=_convertir(ressource, classe))


def lire_json(octets: bytes) -> Any:
    """JSON sans type, plus indulgent que msgspec : octets hors UTF-8, moitiés de paires, grands nombres."""
    try:
        return json.loads(octets.decode("utf-8", "replace"), parse_int=float)
    except (ValueError, RecursionError):
        return None


def _elaguer(octets: bytes) -> bytes:
    """Remplace par null ce qui est imbriqué au-delà de `PROFONDEUR_MAX` ; linéaire, sans récursion."""
    morceaux, profondeur, reprise = [], 0, 0
    for jeton in _JETON.finditer(octets):
        signe = jeton.group()
        if signe in (b"[", b"{"):
            profondeur += 1
            if profondeur == PROFONDEUR_MAX + 1:
                morceaux += [octets[reprise : jeton.start()], b"null"]
        elif signe in (b"]", b"}"):
            profondeur -= 1
            if profondeur == PROFONDEUR_MAX:
                reprise = jeton.end()
    return b"".join([*morceaux, octets[reprise:]]) if profondeur <= PROFONDEUR_MAX else b""


def _convertir(valeur: Any, type_: Any) -> Any:
    """Ce qui, dans `valeur`, convient à `type_` ; None si rien ne convient."""
    if type_ is Raw:
        return Raw(json.dumps(valeur))
    origine = get_origin(type_)
    if origine in (Union, UnionType):
        return _convertir(valeur, next(choix for choix in get_args(type_) if choix is not type(None)))
    if origine is list:
        (element,) = get_args(type_)
        lus = [_convertir(v, element) for v in valeur] if isinstance(valeur, list) else []
        return [lu for lu in lus if lu is not None]
    if isinstance(type_, type) and issubclass(type_, Struct):
        if not isinstance(valeur, dict):
            return None
        return type_(**{nom: _convertir(valeur.get(cle), t) for nom, cle, t in _champs(type_)})
    if isinstance(valeur, str):
        valeur = valeur.encode("utf-8", "replace").decode()
    try:
        return msgspec.convert(valeur, type_)
    except msgspec.ValidationError:
        return None


@cache
def _champs(classe: type[Struct]) -> list[tuple[str, str, Any]]:
    types = get_type_hints(classe, include_extras=True)
    return [(champ.name, champ.encode_name, types[champ.name]) for champ in msgspec.structs.fields(classe)]
