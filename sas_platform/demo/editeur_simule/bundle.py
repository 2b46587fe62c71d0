"""Réponses FHIR de l’éditeur simulé : conformes à la version 1.1.0 du guide, celle du kit de l’ANS."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sas_platform.demo.editeur_simule.agenda import Creneau, Lieu, Praticien

OID_PERSONNE = "urn:oid:1.2.250.1.71.4.2.1"
OID_STRUCTURE = "urn:oid:1.2.250.1.71.4.2.2"
_PROFILS = "http://sas.fr/fhir/StructureDefinition"
_NOS = "https://mos.esante.gouv.fr/NOS"
_TYPES = "http://interopsante.org/fhir/CodeSystem"
_TELEPHONE = re.compile(r"\+(33|262|590|594|596)[0-9]{9}")
_IDNST = re.compile(r"1[0-9]{9}|[34][0-9]{14}")
_SPECIALITE = re.compile(r"SM[0-9]{2}")

Agendas = Mapping[tuple[str, int], tuple[Praticien, list[Creneau]]]


def bundle(agendas: Agendas, *, base: str, requete: str, reservation: str) -> dict[str, Any]:
    """Bundle `searchset` : les créneaux, puis ce qu’ils citent. `requete` est rendue telle quelle dans `self`.

    Un Schedule, un PractitionerRole et un Location contenu par lieu ; un
    Practitioner par praticien ; seuls les agendas qui ont un créneau paraissent.
    """
    slots: list[dict[str, Any]] = []
    cites: dict[str, dict[str, Any]] = {}
    for (identifiant, rang), (praticien, creneaux) in agendas.items():
        if not creneaux:
            continue
        slots += [_slot(praticien, rang, creneau, reservation) for creneau in creneaux]
        for ressource in (
            _schedule(identifiant, rang),
            _practitioner(praticien),
            _role(identifiant, rang, praticien.lieux[rang]),
        ):
            cites[f"{ressource['resourceType']}/{ressource['id']}"] = ressource
    reponse: dict[str, Any] = {
        "resourceType": "Bundle",
        "meta": _meta("BundleAgregateur"),
        "type": "searchset",
        "total": len(slots),
        "link": [{"relation": "self", "url": f"{base}/Slot?{requete}"}],
    }
    if slots:
        reponse["entry"] = [*_entrees(slots, base, "match"), *_entrees(cites.values(), base, "include")]
    return reponse


def capacites(date: str) -> dict[str, Any]:
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": date,
        "kind": "instance",
        "implementation": {"description": "Éditeur simulé de la démonstration"},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "resource": [
                    {
                        "type": "Slot",
                        "interaction": [{"code": "search-type"}],
                        "searchInclude": ["Slot:schedule", "Schedule:actor"],
                        "searchParam": [
                            {"name": "start", "type": "date"},
                            {"name": "status", "type": "token"},
                            {"name": "schedule.actor:Practitioner.identifier", "type": "token"},
                        ],
                    }
                ],
            }
        ],
    }


def echec(code: str, detail: str) -> dict[str, Any]:
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "diagnostics": detail}],
    }


def _entrees(ressources: Iterable[dict[str, Any]], base: str, mode: str) -> list[dict[str, Any]]:
    return [
        {"fullUrl": f"{base}/{r['resourceType']}/{r['id']}", "resource": r, "search": {"mode": mode}}
        for r in ressources
    ]


def _meta(profil: str) -> dict[str, Any]:
    return {"profile": [f"{_PROFILS}/{profil}"]}


def _slot(praticien: Praticien, rang: int, creneau: Creneau, reservation: str) -> dict[str, Any]:
    systeme_visibilite = f"{_NOS}/TRE_R314-TypeCreneau/FHIR/TRE-R314-TypeCreneau"
    acte = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    slot: dict[str, Any] = {
        "resourceType": "Slot",
        "id": creneau.id,
        "meta": _meta("FrSlotAgregateur")
        | {"security": [{"system": systeme_visibilite, "code": code} for code in creneau.visibilites]},
        "serviceType": [
            *({"coding": [{"system": acte, "code": code}]} for code in creneau.actes),
            {"text": creneau.motif},
        ],
        "appointmentType": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/v2-0276",
                    "code": "WALKIN" if creneau.sans_rendez_vous else "ROUTINE",
                }
            ]
        },
        "schedule": {"reference": f"Schedule/agenda-{praticien.identifiant_national}-{rang}"},
        "status": "free",
        "start": creneau.debut.isoformat(timespec="milliseconds"),
        "end": creneau.fin.isoformat(timespec="milliseconds"),
        "comment": f"{reservation}?creneau={creneau.id}",
    }
    if _SPECIALITE.fullmatch(praticien.specialite):
        systeme = f"{_NOS}/TRE_R38-SpecialiteOrdinale/FHIR/TRE-R38-SpecialiteOrdinale"
        slot["specialty"] = [{"coding": [{"system": systeme, "code": praticien.specialite}]}]
    return slot


def _schedule(identifiant: str, rang: int) -> dict[str, Any]:
    return {
        "resourceType": "Schedule",
        "id": f"agenda-{identifiant}-{rang}",
        "meta": _meta("FrScheduleAgregateur"),
        "actor": [
            {"reference": f"Practitioner/{identifiant}"},
            {"reference": f"PractitionerRole/role-{identifiant}-{rang}"},
        ],
    }


def _practitioner(praticien: Praticien) -> dict[str, Any]:
    return {
        "resourceType": "Practitioner",
        "id": praticien.identifiant_national,
        "meta": _meta("FrPractitionerAgregateur"),
        "identifier": [_identifiant("fr-v2-0203", "IDNPS", OID_PERSONNE, praticien.identifiant_national)],
        "name": [{"family": praticien.nom, "given": [praticien.prenom or praticien.nom]}],
    }


def _role(identifiant: str, rang: int, lieu: Lieu) -> dict[str, Any]:
    role: dict[str, Any] = {
        "resourceType": "PractitionerRole",
        "id": f"role-{identifiant}-{rang}",
        "meta": _meta("FrPractitionerRoleExerciceAgregateur"),
        "contained": [
            {
                "resourceType": "Location",
                "id": "1",
                "meta": _meta("FrLocationAgregateur"),
                "identifier": [
                    _identifiant(
                        "fr-location-identifier-type",
                        "INTRN",
                        "https://editeur.example/lieux",
                        f"{identifiant}-{rang}",
                    )
                ],
                "address": {"line": [lieu.ligne], "city": lieu.ville, "postalCode": lieu.code_postal},
            }
        ],
        "practitioner": {"reference": f"Practitioner/{identifiant}"},
        "location": [{"reference": "#1"}],
    }
    if _IDNST.fullmatch(lieu.idnst):
        role["organization"] = {"identifier": _identifiant("fr-v2-0203", "IDNST", OID_STRUCTURE, lieu.idnst)}
    if _TELEPHONE.fullmatch(lieu.telephone):
        role["telecom"] = [{"system": "phone", "value": lieu.telephone}]
    return role


def _identifiant(nomenclature: str, type_: str, systeme: str, valeur: str) -> dict[str, Any]:
    return {
        "type": {"coding": [{"system": f"{_TYPES}/{nomenclature}", "code": type_}]},
        "system": systeme,
        "value": valeur,
    }
