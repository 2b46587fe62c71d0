"""Rendez-vous pris chez l’éditeur simulé, et leur retour à la plateforme (INT_R03)."""

from __future__ import annotations

import ssl
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec

from sas_platform.demo.editeur_simule.comptes import TYPES
from sas_platform.demo.editeur_simule.ressources import (
    OID_PERSONNE,
    PROFILS_FR,
    PROFILS_SAS,
    TYPES_PERSONNE,
    identifiant,
)
from sas_platform.demo.editeur_simule.titulaires import Association, Creneau, Titulaire

OPERATEUR = "http://interopsante.org/fhir/StructureDefinition/FrAppointmentOperator"
ADMISSION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
DELAI_S = 5.0


class Statut(StrEnum):
    """Valeurs FHIR ; un rendez-vous pris devient honoré, non honoré ou annulé."""

    PRIS = "booked"
    HONORE = "fulfilled"
    NON_HONORE = "noshow"
    ANNULE = "cancelled"


@dataclass(slots=True)
class RendezVous:
    """`operateur` : « système|valeur » du régulateur, tel que la plateforme nous l’a donné.

    `transmission` : ce que la plateforme a répondu à la dernière annonce.
    """

    titulaire: Titulaire
    rang: int
    creneau: Creneau
    operateur: str
    pris_le: datetime
    modifie_le: datetime
    statut: Statut = Statut.PRIS
    transmission: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


def appointment(rendez_vous: RendezVous, systeme: str) -> dict[str, Any]:
    """Corps annoncé : ni patient ni lieu. Chez SOS Médecins, le médecin n’est pas connu à la prise."""
    est_sos = isinstance(rendez_vous.titulaire, Association)
    profil = f"{PROFILS_SAS}/sas-sos-appointment" if est_sos else f"{PROFILS_FR}/FrAppointmentSAS"
    operateur_systeme, _, operateur = rendez_vous.operateur.partition("|")
    porteur = identifiant(TYPES_PERSONNE, TYPES[operateur_systeme], operateur_systeme, operateur)
    if est_sos:
        participant: dict[str, Any] = {"type": [{"coding": [{"system": ADMISSION, "code": "ADM"}]}]}
    else:
        praticien = rendez_vous.titulaire.identifiant
        participant = {"actor": {"identifier": identifiant(TYPES_PERSONNE, "IDNPS", OID_PERSONNE, praticien)}}
    return {
        "resourceType": "Appointment",
        "meta": {"profile": [profil], "lastUpdated": _instant(rendez_vous.modifie_le)},
        "extension": [{"url": OPERATEUR, "valueReference": {"identifier": porteur}}],
        "identifier": [{"system": systeme, "value": rendez_vous.id}],
        "status": rendez_vous.statut.value,
        "start": _instant(rendez_vous.creneau.debut),
        "end": _instant(rendez_vous.creneau.fin),
        "created": _instant(rendez_vous.pris_le),
        "participant": [{**participant, "status": "accepted"}],
    }


@dataclass(frozen=True, slots=True)
class Retour:
    """Chez qui annoncer : l’adresse FHIR de la plateforme, notre système d’identifiants, notre certificat."""

    url_base: str
    systeme: str
    tls: ssl.SSLContext | None = None

    async def annoncer(self, rendez_vous: RendezVous, *, est_creation: bool) -> None:
        """POST à la prise, PUT ensuite. L’issue est notée sur le rendez-vous ; ne lève jamais."""
        adresse = f"{self.url_base}/Appointment"
        if not est_creation:
            adresse += f"?identifier={quote(f'{self.systeme}|{rendez_vous.id}', safe='')}"
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=DELAI_S)) as session,
                session.request(
                    "POST" if est_creation else "PUT",
                    adresse,
                    data=msgspec.json.encode(appointment(rendez_vous, self.systeme)),
                    headers={"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"},
                    ssl=self.tls or True,
                    allow_redirects=False,
                ) as reponse,
            ):
                admis = reponse.status in (200, 201)
                rendez_vous.transmission = "transmis" if admis else f"refusé ({reponse.status})"
        except (aiohttp.ClientError, OSError, TimeoutError) as erreur:
            rendez_vous.transmission = f"non transmis ({type(erreur).__name__})"


def contexte_tls(certificats: str, code: str) -> ssl.SSLContext:
    """Notre certificat client, et l’autorité de la démonstration. Lève `OSError` s’ils manquent."""
    tls = ssl.create_default_context(cafile=f"{certificats}/autorite.pem")
    tls.load_cert_chain(f"{certificats}/{code}.pem", f"{certificats}/{code}.cle")
    return tls


def _instant(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds")
