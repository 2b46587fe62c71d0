"""Bundles de recherche et déclarations de l’éditeur simulé."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sas_platform.demo.editeur_simule import ressources
from sas_platform.demo.editeur_simule.ressources import PROFILS_FR, PROFILS_SAS, Ressource
from sas_platform.demo.editeur_simule.titulaires import Association, Cas, Creneau, Titulaire

Agendas = Mapping[tuple[str, int], tuple[Titulaire, list[Creneau]]]

_PROFILS: dict[Cas, str] = {
    "ps": f"{PROFILS_FR}/BundleAgregateur",
    "cpts": f"{PROFILS_SAS}/sas-cpts-bundle-aggregator",
    "sos": f"{PROFILS_SAS}/sas-sos-bundle-aggregator",
}


def bundle(agendas: Agendas, *, cas: Cas, base: str, requete: str, reservation: str) -> dict[str, Any]:
    """Bundle `searchset`, `requete` rendue telle quelle dans `self` ; `total` compte les créneaux.

    Un agenda par lieu, une fois chaque ressource citée, et seulement ce que
    citent des créneaux. SOS Médecins cherche des agendas : ce sont eux qui
    répondent à la recherche, et les créneaux les suivent.
    """
    slots: list[Ressource] = []
    cites: dict[str, Ressource] = {}
    for (_, rang), (titulaire, creneaux) in agendas.items():
        visibles = [creneau for creneau in creneaux if creneau.visibilites_en(cas)]
        slots += [ressources.slot(titulaire, rang, c, cas=cas, reservation=reservation) for c in visibles]
        for ressource in _cites(titulaire, rang, visibles, cas) if visibles else ():
            cites[f"{ressource['resourceType']}/{ressource['id']}"] = ressource
    reponse: dict[str, Any] = {
        "resourceType": "Bundle",
        "meta": {"profile": [_PROFILS[cas]]},
        "type": "searchset",
        "total": len(slots),
        "link": [{"relation": "self", "url": f"{base}/{'Schedule' if cas == 'sos' else 'Slot'}?{requete}"}],
    }
    if slots:
        trouve = "Schedule" if cas == "sos" else "Slot"
        tous = [*slots, *cites.values()]
        reponse["entry"] = [
            *_entrees((r for r in tous if r["resourceType"] == trouve), base, "match"),
            *_entrees((r for r in tous if r["resourceType"] != trouve), base, "include"),
        ]
    return reponse


def _cites(titulaire: Titulaire, rang: int, creneaux: list[Creneau], cas: Cas) -> Iterator[Ressource]:
    if isinstance(titulaire, Association):
        yield ressources.agenda_d_association(titulaire, rang)
        yield ressources.point_fixe(titulaire, rang)
        yield ressources.organisation_d_association(titulaire)
        return
    yield ressources.agenda_de_praticien(titulaire, rang)
    yield ressources.practitioner(titulaire)
    yield ressources.role(titulaire, rang)
    if cas == "cpts":
        liees = {finess for creneau in creneaux for finess in creneau.cpts}
        for cpts in titulaire.cpts:
            if cpts.finess in liees:
                yield ressources.service_de_cpts(cpts)
                yield ressources.organisation_de_cpts(cpts)


def _entrees(trouvees: Iterable[Ressource], base: str, mode: str) -> list[Ressource]:
    return [
        {"fullUrl": f"{base}/{r['resourceType']}/{r['id']}", "resource": r, "search": {"mode": mode}}
        for r in trouvees
    ]


def echec(code: str, detail: str) -> dict[str, Any]:
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "diagnostics": detail}],
    }


def capacites(date: str) -> dict[str, Any]:
    """Ce que l’éditeur sait faire, et rien de plus : un test appelle tout ce qui est déclaré."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": date,
        "kind": "instance",
        "implementation": {"description": "Éditeur simulé de la démonstration"},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [{"mode": "server", "resource": [_CRENEAUX, _AGENDAS, _COMPTES]}],
    }


_RECHERCHE = [{"code": "search-type"}]
_CRENEAUX = {
    "type": "Slot",
    "profile": f"{PROFILS_FR}/FrSlotAgregateur",
    "supportedProfile": [f"{PROFILS_SAS}/sas-cpts-slot-aggregator"],
    "interaction": _RECHERCHE,
    "searchInclude": [
        "Slot:schedule",
        "Schedule:actor",
        "Slot:service-type-reference",
        "HealthcareService:organization",
    ],
    "searchParam": [
        {"name": "start", "type": "date"},
        {"name": "status", "type": "token"},
        {"name": "schedule.actor:Practitioner.identifier", "type": "token"},
    ],
}
_AGENDAS = {
    "type": "Schedule",
    "profile": f"{PROFILS_SAS}/sas-sos-schedule-aggregator",
    "interaction": _RECHERCHE,
    "searchInclude": ["Schedule:actor:Location", "Location:organization"],
    "searchRevInclude": ["Slot:schedule"],
    "searchParam": [
        {"name": "_has:Slot:schedule:start", "type": "date"},
        {"name": "_has:Slot:schedule:status", "type": "token"},
        {"name": "actor:Location.organization.identifier", "type": "token"},
    ],
}
_COMPTES = {
    "type": "Practitioner",
    "profile": f"{PROFILS_SAS}/FrPractitionerRegul",
    "interaction": [{"code": "create"}, {"code": "update"}],
    "updateCreate": True,
    "conditionalUpdate": True,
    "searchParam": [{"name": "identifier", "type": "token"}],
}
