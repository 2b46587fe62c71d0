"""Lecture de la requête `GET /Slot`, telle qu’écrite par le guide et par ses propres exemples fautifs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

IDENTIFIANTS_MAX = 25
PARIS = ZoneInfo("Europe/Paris")


class RequeteInvalide(ValueError):
    """La requête ne peut pas être exécutée ; le message dit pourquoi."""


@dataclass(frozen=True, slots=True)
class Recherche:
    debut: datetime
    fin: datetime
    identifiants: tuple[str, ...]
    statut: str


def lire(requete: str) -> Recherche:
    """Lève `RequeteInvalide`. Un `+` non encodé, un espace après la virgule, l’absence de décalage sont tolérés."""
    debut = fin = None
    identifiants: tuple[str, ...] = ()
    statut = "free"
    for nom, valeur in parse_qsl(requete, keep_blank_values=True):
        if nom == "start" and valeur.startswith("ge"):
            debut = _instant(valeur[2:])
        elif nom == "start" and valeur.startswith("le"):
            fin = _instant(valeur[2:])
        elif nom == "schedule.actor:Practitioner.identifier":
            identifiants = tuple(mot.rpartition("|")[2].strip() for mot in valeur.split(",") if mot.strip())
        elif nom == "status":
            statut = valeur
    if debut is None or fin is None:
        raise RequeteInvalide("les deux bornes start=ge… et start=le… sont obligatoires")
    if not 0 < len(identifiants) <= IDENTIFIANTS_MAX:
        raise RequeteInvalide(f"de 1 à {IDENTIFIANTS_MAX} praticiens par requête")
    return Recherche(debut, fin, identifiants, statut)


def _instant(texte: str) -> datetime:
    """Un espace dans l’instant est un `+` que personne n’a encodé ; sans décalage, c’est l’heure de Paris."""
    try:
        instant = datetime.fromisoformat(texte.replace(" ", "+"))
    except ValueError:
        raise RequeteInvalide(f"instant illisible : {texte[:40]}") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=PARIS)
