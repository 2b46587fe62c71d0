"""Fabrique de Bundles d’éditeur : le plus petit Bundle que rien ne fait rejeter, puis ce qu’on y change."""

import copy
import datetime as dt
import json
from typing import Any

from agenda.editeurs import codes
from agenda.editeurs.normaliseur import normaliser
from agenda.editeurs.verdicts import Cas, Demande, Lecture, fenetre_interrogee

MAINTENANT = dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC)  # lundi, 9 h à Paris
RPPS = "810100050075"
AUTRE_RPPS = "810002673899"
SIRET = "334173748400020"
CPTS = "1950047225"

VISIBILITE = f"{codes._NOS}/TRE_R314-TypeCreneau/FHIR/TRE-R314-TypeCreneau"
ACTE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
RENDEZ_VOUS = "http://terminology.hl7.org/CodeSystem/v2-0276"
CATEGORIE = f"{codes._NOS}/TRE_R66-CategorieEtablissement/FHIR/TRE-R66-CategorieEtablissement"


def slot(nom: str = "s1", **champs: Any) -> dict[str, Any]:
    """Créneau public en cabinet, demain de 9 h à 9 h 15 à Paris ; `champs` remplace, None retire."""
    ressource = {
        "resourceType": "Slot",
        "id": nom,
        "meta": {"security": [visibilite("PUBLIC")]},
        "serviceType": [{"coding": [{"system": ACTE, "code": "AMB"}]}],
        "appointmentType": {"coding": [{"system": RENDEZ_VOUS, "code": "ROUTINE"}]},
        "schedule": {"reference": "Schedule/a1"},
        "status": "free",
        "start": "2026-11-24T09:00:00.000+01:00",
        "end": "2026-11-24T09:15:00.000+01:00",
        "comment": "https://rdv.exemple.fr/agenda?id=1",
    }
    ressource.update(champs)
    return {cle: valeur for cle, valeur in ressource.items() if valeur is not None}


def visibilite(code: str) -> dict[str, str]:
    return {"system": VISIBILITE, "code": code}


def lien_cpts(service: str = "HealthcareService/h1") -> dict[str, Any]:
    return {
        "coding": [{"system": CATEGORIE, "code": "604"}],
        "extension": [{"url": codes.EXTENSION_SERVICE, "valueReference": {"reference": service}}],
    }


def praticien(nom: str = "p1", rpps: str = RPPS) -> dict[str, Any]:
    return {
        "resourceType": "Practitioner",
        "id": nom,
        "identifier": [{"system": codes.OID_PERSONNE, "value": rpps}],
    }


def role(
    nom: str = "r1",
    praticien: str = "p1",
    adresse: dict[str, Any] | None = None,
    idnst: str = "1810004421",
    contenu: str = "1",
) -> dict[str, Any]:
    """Rôle dont le lieu contenu s’appelle « 1 », comme chez la plupart des éditeurs."""
    return {
        "resourceType": "PractitionerRole",
        "id": nom,
        "contained": [
            {
                "resourceType": "Location",
                "id": contenu,
                "identifier": [{"system": "https://editeur.exemple", "value": f"lieu-{nom}"}],
                "address": adresse or {"line": ["1 rue Mme Delmas"], "city": "Agen", "postalCode": "47000"},
            }
        ],
        "practitioner": {"reference": f"Practitioner/{praticien}"},
        "organization": {"identifier": {"system": codes.OID_STRUCTURE, "value": idnst}},
        "location": [{"reference": f"#{contenu}"}],
        "telecom": [{"system": "phone", "value": "+33553000000"}],
    }


def agenda(nom: str = "a1", praticien: str = "p1", role: str = "r1") -> dict[str, Any]:
    return {
        "resourceType": "Schedule",
        "id": nom,
        "actor": [{"reference": f"Practitioner/{praticien}"}, {"reference": f"PractitionerRole/{role}"}],
    }


def agenda_complet() -> list[dict[str, Any]]:
    return [agenda(), praticien(), role()]


def cpts_complete(finess: str = CPTS) -> list[dict[str, Any]]:
    return [
        {"resourceType": "HealthcareService", "id": "h1", "providedBy": {"reference": "Organization/o1"}},
        {
            "resourceType": "Organization",
            "id": "o1",
            "identifier": [{"system": codes.OID_STRUCTURE, "value": finess}],
        },
    ]


def point_fixe_sos(siret: str = SIRET) -> list[dict[str, Any]]:
    """Schedule, Location et Organization d’une association SOS Médecins."""
    return [
        {"resourceType": "Schedule", "id": "a1", "actor": [{"reference": "Location/l1"}]},
        {
            "resourceType": "Location",
            "id": "l1",
            "name": "Centre nord",
            "address": {"line": ["320 avenue Patton"], "city": "Rennes", "postalCode": "35700"},
            "managingOrganization": {"reference": "Organization/o1"},
        },
        {
            "resourceType": "Organization",
            "id": "o1",
            "identifier": [{"system": codes.OID_STRUCTURE, "value": siret}],
        },
    ]


def bundle(*ressources: Any, **champs: Any) -> dict[str, Any]:
    entrees = [{"fullUrl": f"https://x.exemple/{rang}", "resource": r} for rang, r in enumerate(ressources)]
    slots = sum(isinstance(r, dict) and r.get("resourceType") == "Slot" for r in ressources)
    return {"resourceType": "Bundle", "type": "searchset", "total": slots, "entry": entrees} | champs


def octets(contenu: Any) -> bytes:
    return json.dumps(contenu).encode()


def demande(cas: Cas = "ps", identifiants: tuple[str, ...] = (RPPS, SIRET), **champs: Any) -> Demande:
    return Demande(
        cas=cas,
        identifiants=frozenset(identifiants),
        fenetre=fenetre_interrogee(champs.pop("maintenant", MAINTENANT)),
        **champs,
    )


def lire(*ressources: Any, cas: Cas = "ps", **champs: Any) -> Lecture:
    return normaliser([octets(bundle(*ressources))], demande(cas, **champs))


def raisons(lecture: Lecture) -> list[str]:
    return [verdict.raison for verdict in lecture.verdicts]


def sans(ressource: dict[str, Any], *chemin: Any) -> dict[str, Any]:
    """Copie de la ressource, privée de l’élément au bout du chemin."""
    copie = copy.deepcopy(ressource)
    noeud = copie
    for cle in chemin[:-1]:
        noeud = noeud[cle]
    del noeud[chemin[-1]]
    return copie


def avec(ressource: dict[str, Any], *chemin: Any) -> dict[str, Any]:
    """Copie de la ressource où le dernier élément du chemin est la nouvelle valeur de celui qui précède."""
    copie = copy.deepcopy(ressource)
    noeud = copie
    for cle in chemin[:-2]:
        noeud = noeud[cle]
    noeud[chemin[-2]] = chemin[-1]
    return copie
