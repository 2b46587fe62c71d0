"""Le morceau de réponse qui explique un rejet, sans rien qui puisse être d’un patient.

Seuls passent des éléments qui, dans le guide, ne portent ni patient ni texte libre, et
seulement si leur valeur a la forme attendue : un code, un instant, une référence à une
ressource du profil, un identifiant national de professionnel ou de structure. Le reste
se dit (« 14 caractères ») et ne se montre pas : un éditeur peut écrire n’importe quoi
n’importe où.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from agenda.editeurs import codes, fhir
from agenda.editeurs.references import Annuaire

LONGUEUR_MAX = 600
PAR_LISTE = 4
_SLOT = re.compile(r"[A-Za-z0-9.-]{1,64}")
_CODE = re.compile(r"[A-Za-z0-9_-]{1,24}")
_SYSTEME = re.compile(r"(?:https?://|urn:)[A-Za-z0-9:/._-]{1,140}")
_INSTANT = re.compile(r"[0-9TZ:.+-]{1,40}")
_REFERENCE = re.compile(
    r"(?:https?://\S{1,300}/)?"
    r"((?:Schedule|Practitioner|PractitionerRole|Location|Organization|HealthcareService)/[A-Za-z0-9.-]{1,64})"
    r"|(#[A-Za-z0-9.-]{1,64})|(urn:uuid:[0-9a-fA-F-]{36})"
)


def id_montrable(identifiant: str) -> str:
    return identifiant if _SLOT.fullmatch(identifiant) else _tu(identifiant)


def fragment(raison: str, brut: bytes, annuaire: Annuaire) -> dict[str, Any]:
    """Ce que ce créneau, ou l’agenda qu’il désigne, a de fautif. Ne lève jamais."""
    entree = fhir.lire_json(brut)
    ressource = entree.get("resource") if isinstance(entree, dict) else None
    slot = ressource if isinstance(ressource, dict) else {}
    if raison in _DU_SLOT:
        return {nom: _VALEURS[nom](slot.get(nom)) for nom in _DU_SLOT[raison]}
    vu: dict[str, Any] = {"schedule": _reference(slot.get("schedule"))}
    reference = slot.get("schedule")
    texte = reference.get("reference") if isinstance(reference, dict) else None
    schedule = annuaire.trouver(texte if isinstance(texte, str) else "", fhir.Schedule)
    if schedule is not None:
        vu["actor"] = [_reference_lue(acteur) for acteur in (schedule.actor or ())[:PAR_LISTE]]
        _ajouter_les_acteurs(vu, raison, schedule, annuaire)
    return vu


def ecrire(fragment: dict[str, Any]) -> str:
    """Le fragment en JSON, coupé à `LONGUEUR_MAX`."""
    return json.dumps(fragment, ensure_ascii=False)[:LONGUEUR_MAX]


def _ajouter_les_acteurs(
    vu: dict[str, Any], raison: str, schedule: fhir.Schedule, annuaire: Annuaire
) -> None:
    praticien = annuaire.premier(schedule.actor, fhir.Practitioner)
    role = annuaire.premier(schedule.actor, fhir.PractitionerRole)
    lieu = annuaire.premier(schedule.actor, fhir.Location)
    if praticien is not None and raison in ("missing_idnps", "not_requested"):
        vu["Practitioner.identifier"] = _identifiants(praticien.identifier, codes.PERSONNE)
    if role is not None:
        vu["PractitionerRole.practitioner"] = _reference_lue(role.practitioner)
        vu["PractitionerRole.location"] = [_reference_lue(lien) for lien in (role.location or ())[:PAR_LISTE]]
        contenus = (role.contained or ())[:PAR_LISTE]
        vu["PractitionerRole.contained"] = [
            {"resourceType": _code(c.resource_type), "id": _id(c.id), **_adresse(c.address)} for c in contenus
        ]
    if lieu is not None:
        vu["Location.address"] = _adresse(lieu.address)
        porteur = lieu.managing_organization
        vu["Location.managingOrganization"] = _reference_lue(porteur)
        organisation = annuaire.trouver((porteur and porteur.reference) or "", fhir.Organization)
        if organisation is not None:
            vu["Organization.identifier"] = _identifiants(organisation.identifier, codes.LIEU)


# --- Valeurs montrables -------------------------------------------------------


def _tu(valeur: object) -> str:
    """Ce qu’on dit d’une valeur que l’on ne montre pas."""
    if valeur is None or valeur == "":
        return "(absent)"
    if isinstance(valeur, str):
        return f"(autre forme, {len(valeur)} caractères)"
    return "(autre forme)"


def _si(forme: re.Pattern[str]) -> Callable[[object], str]:
    def montrer(valeur: object) -> str:
        return valeur if isinstance(valeur, str) and forme.fullmatch(valeur) else _tu(valeur)

    return montrer


_code, _systeme, _instant, _id = _si(_CODE), _si(_SYSTEME), _si(_INSTANT), _si(_SLOT)


def _texte_de_reference(texte: object) -> str:
    lu = _REFERENCE.fullmatch(texte) if isinstance(texte, str) else None
    return next(filter(None, lu.groups())) if lu else _tu(texte)


def _reference(valeur: object) -> str:
    return _texte_de_reference(valeur.get("reference") if isinstance(valeur, dict) else valeur)


def _reference_lue(lien: fhir.Reference | None) -> str:
    return _texte_de_reference(lien.reference if lien else None)


def _codages(valeur: object) -> list[str]:
    """« système|code » de chaque Coding, ou de chaque CodeableConcept."""
    codages: list[str] = []
    for element in valeur if isinstance(valeur, list) else ():
        if not isinstance(element, dict):
            continue
        internes = element.get("coding")
        codages += [
            f"{_systeme(codage.get('system'))}|{_code(codage.get('code'))}"
            for codage in (internes if isinstance(internes, list) else [element])
            if isinstance(codage, dict)
        ]
    return codages[:PAR_LISTE] or ["(absent)"]


def _securites(valeur: object) -> list[str]:
    return _codages(valeur.get("security") if isinstance(valeur, dict) else None)


def _identifiants(identifiants: list[fhir.Identifier] | None, forme: re.Pattern[str]) -> list[str]:
    """Une valeur mal formée peut être n’importe quoi, un numéro de sécurité sociale compris : sa longueur suffit."""
    montrer = _si(forme)
    return [f"{_systeme(i.system)}|{montrer(i.value)}" for i in (identifiants or ())[:PAR_LISTE]] or [
        "(absent)"
    ]


def _adresse(adresse: fhir.Address | None) -> dict[str, str]:
    """Une adresse est du texte libre : on dit ce qui y est, non ce qui y est écrit."""

    def presence(valeur: object) -> str:
        return "présent" if valeur else "(absent)"

    if adresse is None:
        return {"address": "(absent)"}
    postal = adresse.postal_code or ""
    return {
        "line": presence(" ".join(adresse.line or ()).strip()),
        "city": presence((adresse.city or "").strip()),
        "postalCode": postal.strip() if codes.CODE_POSTAL.fullmatch(postal.strip()) else _tu(postal),
    }


_VALEURS: dict[str, Callable[[object], Any]] = {
    "id": _id,
    "status": _code,
    "start": _instant,
    "end": _instant,
    "schedule": _reference,
    "meta": _securites,
    "serviceType": _codages,
}
_DU_SLOT: dict[str, tuple[str, ...]] = {
    "duplicate_id": ("id", "start", "end"),
    "status_not_free": ("status",),
    "bad_instant": ("start", "end"),
    "bad_interval": ("start", "end"),
    "past": ("start",),
    "out_of_window": ("start",),
    "dangling_schedule": ("schedule",),
    "cpts_unresolved": ("meta", "serviceType"),
    "no_visibility": ("meta",),
    "duplicate": ("schedule", "start", "end", "serviceType"),
}
