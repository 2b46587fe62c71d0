"""Réponses hostiles : le Bundle de l’éditeur simulé, changé en un seul point, et le sort que notre lecture doit lui faire.

Le miroir de la liste du kit : ce qu’elle affirme d’un éditeur, notre
consommateur doit en supporter la faute. Chaque ligne nomme celle du guide de
lecture (`fhir.md`, § 13) ou du kit qu’elle éprouve.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sas_platform.demo.editeur_simule.jeu_kit import SOS, A, C
from tests.kit.client import editeur_du_kit
from tests.kit.recherches import chercher_par_nous

Bundle = dict[str, Any]
TITULAIRES = {"ps": (A, C), "cpts": (A, C), "sos": (SOS,)}
UN, TOUS = "un créneau", "tous ceux de l’agenda"


@dataclass(frozen=True, slots=True)
class Rejet:
    """`portee` : ce que la faute emporte ; tout le reste du Bundle est gardé."""

    nom: str
    miroir: str
    cas: str
    raison: str
    portee: str
    changer: Callable[[Vise], object]


@dataclass(frozen=True, slots=True)
class Vise:
    """Un Bundle sain, et ce qu’une faute y vise : le premier créneau, son agenda et ce que celui-ci cite."""

    bundle: Bundle

    def les(self, type_: str) -> list[dict[str, Any]]:
        return [e["resource"] for e in self.bundle["entry"] if e["resource"]["resourceType"] == type_]

    def nommee(self, reference: str) -> dict[str, Any]:
        type_, _, nom = reference.partition("/")
        return next(ressource for ressource in self.les(type_) if ressource["id"] == nom)

    @property
    def slot(self) -> dict[str, Any]:
        return self.les("Slot")[0]

    @property
    def voisin(self) -> dict[str, Any]:
        return self.les("Slot")[1]

    @property
    def agenda(self) -> dict[str, Any]:
        return self.nommee(self.slot["schedule"]["reference"])

    def acteur(self, type_: str) -> dict[str, Any]:
        references = (acteur["reference"] for acteur in self.agenda["actor"])
        return self.nommee(next(r for r in references if r.startswith(f"{type_}/")))

    @property
    def praticien(self) -> dict[str, Any]:
        return self.acteur("Practitioner")

    @property
    def role(self) -> dict[str, Any]:
        return self.acteur("PractitionerRole")

    @property
    def lieu(self) -> dict[str, Any]:
        """Celui que le rôle contient, ou le point fixe de l’association."""
        est_sos = self.agenda["actor"][0]["reference"].startswith("Location/")
        return self.acteur("Location") if est_sos else self.role["contained"][0]

    @property
    def organisation(self) -> dict[str, Any]:
        return self.les("Organization")[0]

    @property
    def reserve_aux_cpts(self) -> dict[str, Any]:
        """Premier créneau qui n’est qu’aux CPTS."""
        return next(s for s in self.les("Slot") if [c["code"] for c in s["meta"]["security"]] == ["CPTS"])

    def oter(self, ressource: dict[str, Any]) -> None:
        self.bundle["entry"] = [e for e in self.bundle["entry"] if e["resource"] is not ressource]

    def de_l_agenda(self) -> set[str]:
        agenda = self.slot["schedule"]
        return {slot["id"] for slot in self.les("Slot") if slot["schedule"] == agenda}


def sain(cas: str) -> Vise:
    """Ce que l’éditeur simulé répond à notre propre requête."""
    return Vise(copy.deepcopy(chercher_par_nous(editeur_du_kit, cas, *TITULAIRES[cas])))


def _mettre(ressource: Callable[[Vise], dict[str, Any]], **champs: Any) -> Callable[[Vise], object]:
    return lambda vise: ressource(vise).update(champs)


def _slot(vise: Vise) -> dict[str, Any]:
    return vise.slot


def _adresse(**champs: Any) -> Callable[[Vise], object]:
    return lambda vise: vise.lieu["address"].update(champs)


def _copier(vise: Vise, **champs: Any) -> None:
    """Le premier créneau, une seconde fois, en fin de Bundle."""
    jumeau = copy.deepcopy(vise.slot) | champs
    vise.bundle["entry"].append({"resource": jumeau, "search": {"mode": "match"}})


REJETS = [
    Rejet("id répété", "13.2", "ps", "duplicate_id", UN, lambda v: v.voisin.update(id=v.slot["id"])),
    Rejet("créneau occupé", "4.3.09", "ps", "status_not_free", UN, _mettre(_slot, status="busy")),
    Rejet("créneau saisi par erreur", "4.3.09", "ps", "status_not_free", UN, _mettre(_slot, status="entered-in-error")),
    Rejet("créneau SOS occupé", "5.1", "sos", "status_not_free", UN, _mettre(_slot, status="busy")),
    Rejet("sans début", "4.3.04", "ps", "bad_instant", UN, lambda v: v.slot.pop("start")),
    Rejet("sans fin", "4.3.04", "ps", "bad_instant", UN, lambda v: v.slot.pop("end")),
    Rejet("sans décalage", "4.3.04", "ps", "bad_instant", UN, _mettre(_slot, start="2026-11-23T12:00:00.000")),
    Rejet("jour sans heure", "4.3.04", "ps", "bad_instant", UN, _mettre(_slot, start="2026-11-24")),
    Rejet("fin avant le début", "4.3.04", "ps", "bad_interval", UN, _mettre(_slot, end="2026-11-23T09:00:00+01:00")),
    Rejet("déjà commencé", "4.3.04", "ps", "past", UN, _mettre(_slot, start="2026-11-23T08:59:00+01:00")),
    Rejet("au-delà du surlendemain", "4.3.04", "ps", "out_of_window", UN, _mettre(_slot, start="2026-11-26T09:00:00+01:00", end="2026-11-26T09:30:00+01:00")),
    Rejet("SOS hors de la fenêtre", "5.1", "sos", "out_of_window", UN, _mettre(_slot, start="2026-11-26T09:00:00+01:00", end="2026-11-26T09:30:00+01:00")),
    Rejet("agenda absent", "4.3.05", "ps", "dangling_schedule", TOUS, lambda v: v.oter(v.agenda)),
    Rejet("agenda d’un autre nom", "4.3.05", "ps", "dangling_schedule", UN, _mettre(_slot, schedule={"reference": "Schedule/autre"})),
    Rejet("praticien absent", "4.4.07", "ps", "no_practitioner", TOUS, lambda v: v.oter(v.praticien)),
    Rejet("agenda sans praticien", "4.4.07", "ps", "no_practitioner", TOUS, lambda v: v.agenda["actor"].pop(0)),
    Rejet("praticien sans identifiant", "4.3.03", "ps", "missing_idnps", TOUS, lambda v: v.praticien.pop("identifier")),
    Rejet("RPPS sans préfixe", "4.3.03", "ps", "missing_idnps", TOUS, lambda v: v.praticien["identifier"][0].update(value=A.identifiant[1:])),
    Rejet("praticien non demandé", "4.3.03", "ps", "not_requested", TOUS, lambda v: v.praticien["identifier"][0].update(value="899900000099")),
    Rejet("association non demandée", "5.1", "sos", "not_requested", UN, lambda v: _autre_association(v)),
    Rejet("rôle absent", "4.4.06", "ps", "no_location", TOUS, lambda v: v.oter(v.role)),
    Rejet("rôle sans lieu", "4.4.08", "ps", "no_location", TOUS, lambda v: v.role.pop("location")),
    Rejet("lieu contenu d’un autre nom", "4.4.08", "ps", "no_location", TOUS, lambda v: v.role["contained"][0].update(id="2")),
    Rejet("point fixe absent", "5.2", "sos", "no_location", TOUS, lambda v: v.oter(v.lieu)),
    Rejet("rôle d’un autre praticien", "4.4.05", "ps", "role_mismatch", TOUS, lambda v: v.role["practitioner"].update(reference=f"Practitioner/{C.identifiant}")),
    Rejet("point fixe de personne", "5.2", "sos", "no_organization", TOUS, lambda v: v.lieu.pop("managingOrganization")),
    Rejet("SIRET mal formé", "5.2", "sos", "bad_siret", UN, lambda v: _autre_association(v, "39990000000002")),
    Rejet("sans voie", "4.3.06", "ps", "bad_address", TOUS, _adresse(line=[])),
    Rejet("sans ville", "4.3.06", "ps", "bad_address", TOUS, _adresse(city="  ")),
    Rejet("code postal à quatre chiffres", "4.3.06", "ps", "bad_address", TOUS, _adresse(postalCode="5900")),
    Rejet("point fixe sans voie", "5.2", "sos", "bad_address", TOUS, _adresse(line=[])),
    Rejet("CPTS sans lien", "4.8.1.05", "cpts", "cpts_unresolved", UN, lambda v: v.reserve_aux_cpts.pop("serviceType")),
    Rejet("lien vers un service absent", "4.8.1.06", "cpts", "cpts_unresolved", UN, lambda v: _mener_ailleurs(v.reserve_aux_cpts)),
    Rejet("visibilité inconnue", "4.7.02", "ps", "no_visibility", UN, lambda v: v.slot["meta"]["security"][0].update(code="PRIVATE")),
    Rejet("sans visibilité", "4.7.02", "ps", "no_visibility", UN, lambda v: v.slot["meta"].pop("security")),
    Rejet("même créneau sous un autre id", "13.2", "ps", "duplicate", UN, lambda v: _copier(v, id="jumeau")),
]  # fmt: skip


def _autre_association(vise: Vise, siret: str = "399900000000099") -> None:
    """Le premier créneau passe au point fixe d’une autre association, ajoutée au Bundle."""
    organisation = copy.deepcopy(vise.organisation) | {"id": "autre"}
    organisation["identifier"][0]["value"] = siret
    lieu = copy.deepcopy(vise.lieu) | {
        "id": "ailleurs",
        "managingOrganization": {"reference": "Organization/autre"},
    }
    agenda = copy.deepcopy(vise.agenda) | {"id": "ailleurs", "actor": [{"reference": "Location/ailleurs"}]}
    vise.slot["schedule"] = {"reference": "Schedule/ailleurs"}
    vise.bundle["entry"] += [{"resource": ressource} for ressource in (organisation, lieu, agenda)]


def _mener_ailleurs(slot: dict[str, Any]) -> None:
    for service in slot["serviceType"]:
        for extension in service.get("extension", ()):
            extension["valueReference"]["reference"] = "HealthcareService/absent"
