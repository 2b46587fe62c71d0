"""Un éditeur, son certificat, et le message officiel d’un rendez-vous, daté du lundi 2 novembre 2026."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from agenda.enums import Flux
from agenda.models import Editeur
from tests.agenda.factories import EditeurFactory
from tests.autorite import Autorite, Paire

EXEMPLES = Path(__file__).parent / "exemples"
SECRET = "secret-du-mandataire-d-essai"
SYSTEME = "urn:oid:1.1.111.1.11.1.1.1"
VALEUR = "b6e39355-8a61-4556-b340-36f7b95fec6a"
CN, OU = "agenda-essai", "00012345678901"
ADRESSE = "/fhir/Appointment"
Envoi = Callable[..., Any]


@pytest.fixture(scope="session")
def autorite(tmp_path_factory) -> Autorite:
    return Autorite(tmp_path_factory.mktemp("autorite"))


@pytest.fixture(scope="session")
def certificat(autorite) -> Paire:
    return autorite.delivrer(CN, [OU])


@pytest.fixture
def editeur(db) -> Editeur:
    return EditeurFactory(cn=CN, ou=OU, flux=[Flux.PS, Flux.RENDEZ_VOUS], systemes_rendez_vous=[SYSTEME])


@pytest.fixture
def reglages(settings, autorite):
    settings.FHIR_SECRET_MANDATAIRE = SECRET
    settings.FHIR_AUTORITES = str(autorite.fichier)
    settings.FHIR_REVOCATIONS = ""
    settings.FHIR_URL = "https://fhir.sas.exemple.invalid/fhir"
    return settings


def en_tetes(paire: Paire | None, *, secret: str = SECRET, verdict: str = "SUCCESS") -> dict[str, str]:
    """Ce que le mandataire ajoute à la requête."""
    return {
        "X-SAS-Mandataire": secret,
        "X-SSL-Client-Verify": verdict if paire else "NONE",
        "X-SSL-Client-Cert": quote(paire.pem) if paire else "",
    }


@pytest.fixture
def envoyer(client, reglages, certificat, editeur) -> Envoi:
    """`envoyer(corps, "PUT", "?identifier=…")`, avec le certificat de l’éditeur."""

    def envoi(
        corps: Any = None,
        methode: str = "POST",
        requete: str = "",
        *,
        adresse: str = ADRESSE,
        content_type: str = "application/fhir+json",
        paire: Paire | None = certificat,
        **headers: str,
    ) -> Any:
        octets = corps if isinstance(corps, bytes) else json.dumps(corps).encode()
        return client.generic(
            methode,
            adresse + requete,
            octets,
            content_type=content_type,
            headers=en_tetes(paire) | headers,
        )

    return envoi


def designe(systeme: str = SYSTEME, valeur: str = VALEUR) -> str:
    return f"?identifier={quote(systeme, safe='')}%7C{quote(valeur, safe='')}"


def lire_exemple(nom: str) -> dict[str, Any]:
    return json.loads((EXEMPLES / f"{nom}.json").read_text())


def message(**changements: Any) -> dict[str, Any]:
    """L’exemple officiel « booked », le lundi 2 novembre 2026 à 9 h à Paris ; nul retire l’élément."""
    corps = lire_exemple("1.2.0/Appointment-1") | {
        "start": "2026-11-02T09:00:00+01:00",
        "end": "2026-11-02T09:20:00+01:00",
        "created": "2026-11-02T07:55:00+01:00",
    }
    corps |= changements
    return {nom: valeur for nom, valeur in corps.items() if valeur is not None}


def participant(identifiant: str, **champs: Any) -> dict[str, Any]:
    type_ = {"coding": [{"system": "http://interopsante.org/fhir/CodeSystem/fr-v2-0203", "code": "IDNPS"}]}
    acteur = {"identifier": {"type": type_, "system": "urn:oid:1.2.250.1.71.4.2.1", "value": identifiant}}
    return {"actor": acteur, "status": "accepted"} | champs


def operateur(systeme: str, valeur: str, code: str = "IDNPS") -> list[dict[str, Any]]:
    type_ = {"coding": [{"system": "http://interopsante.org/fhir/CodeSystem/fr-v2-0203", "code": code}]}
    return [
        {
            "url": "http://interopsante.org/fhir/StructureDefinition/FrAppointmentOperator",
            "valueReference": {"identifier": {"type": type_, "system": systeme, "value": valeur}},
        }
    ]
