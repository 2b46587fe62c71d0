"""Lecture des recherches `GET /Slot` et `GET /Schedule`, telles qu’écrites par le guide et par ses exemples fautifs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from sas_platform.demo.editeur_simule.titulaires import Cas

IDENTIFIANTS_MAX = 25
PARIS = ZoneInfo("Europe/Paris")
_CPTS = ("_include", "Slot:service-type-reference")
_NOMS = {
    "Slot": ("start", "status", "schedule.actor:Practitioner.identifier"),
    "Schedule": (
        "_has:Slot:schedule:start",
        "_has:Slot:schedule:status",
        "actor:Location.organization.identifier",
    ),
}


class RequeteInvalide(ValueError):
    """La requête ne peut pas être exécutée ; le message dit pourquoi."""


@dataclass(frozen=True, slots=True)
class Recherche:
    cas: Cas
    debut: datetime
    fin: datetime
    identifiants: tuple[str, ...]
    statut: str


def lire(requete: str, ressource: str = "Slot") -> Recherche:
    """Lève `RequeteInvalide`. Un `+` non encodé, un espace après la virgule, l’absence de décalage sont tolérés.

    Ce sont ses inclusions, et rien d’autre, qui font d’une recherche de
    créneaux une recherche des créneaux des CPTS.
    """
    parametres = parse_qsl(requete, keep_blank_values=True)
    nom_borne, nom_statut, nom_identifiants = _NOMS[ressource]
    identifiants = _identifiants(valeur for nom, valeur in parametres if nom == nom_identifiants)
    bornes = [valeur for nom, valeur in parametres if nom == nom_borne]
    debut = next((_instant(borne[2:]) for borne in bornes if borne.startswith("ge")), None)
    fin = next((_instant(borne[2:]) for borne in bornes if borne.startswith("le")), None)
    if debut is None or fin is None:
        raise RequeteInvalide(f"les deux bornes {nom_borne}=ge… et {nom_borne}=le… sont obligatoires")
    if not 0 < len(identifiants) <= IDENTIFIANTS_MAX:
        raise RequeteInvalide(f"de 1 à {IDENTIFIANTS_MAX} identifiants par requête")
    cas: Cas = "sos" if ressource == "Schedule" else "cpts" if _CPTS in parametres else "ps"
    statut = next((valeur for nom, valeur in parametres if nom == nom_statut), "free")
    return Recherche(cas, debut, fin, identifiants, statut)


def _identifiants(valeurs: Iterable[str]) -> tuple[str, ...]:
    mots = (mot.rpartition("|")[2].strip() for valeur in valeurs for mot in valeur.split(","))
    return tuple(dict.fromkeys(mot for mot in mots if mot))


def _instant(texte: str) -> datetime:
    """Un espace dans l’instant est un `+` que personne n’a encodé ; sans décalage, c’est l’heure de Paris."""
    try:
        instant = datetime.fromisoformat(texte.replace(" ", "+"))
    except ValueError:
        raise RequeteInvalide(f"instant illisible : {texte[:40]}") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=PARIS)
