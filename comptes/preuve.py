"""Ce que Pro Santé Connect a prouvé d’une personne, tel que la session le garde."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

from comptes.domaine.identite import Exercice, Identite, relire

PREUVE = "psc"
EXERCICE = "exercice"
EN_ATTENTE = "psc_en_attente"


@dataclass(frozen=True, slots=True)
class Preuve:
    """`jeton_identite` ne sert plus qu’à fermer la session chez Pro Santé Connect ; `rafraichissement`, à la tenir."""

    identite: Identite
    jeton_identite: str
    sub: str
    sid: str = ""
    rafraichissement: str = ""

    def en_donnees(self) -> dict[str, Any]:
        return asdict(self)


def garder(session: SessionBase, preuve: Preuve) -> None:
    """Range la preuve dans une session ouverte ; un exercice choisi pour une autre identité est oublié."""
    ancienne = lire(session)
    if ancienne is None or ancienne.identite != preuve.identite:
        session.pop(EXERCICE, None)
    # Le jeton de rafraîchissement est avec la session ouverte, où une tâche le renouvelle.
    session[PREUVE] = preuve.en_donnees() | {"rafraichissement": ""}
    session.pop(EN_ATTENTE, None)


def lire(session: SessionBase) -> Preuve | None:
    donnees = session.get(PREUVE)
    return _relire(donnees) if donnees else None


def mettre_en_attente(session: SessionBase, preuve: Preuve, *, maintenant: datetime) -> None:
    """Retient une personne identifiée qui n’a pas encore de compte, le temps de confirmer son adresse."""
    # La clé change : qui aurait posé la session avant l’identification n’en profite pas.
    session.cycle_key()
    session[EN_ATTENTE] = {"preuve": preuve.en_donnees(), "le": maintenant.isoformat()}


def en_attente(session: SessionBase, *, maintenant: datetime) -> Preuve | None:
    """La personne identifiée sans compte, tant que son identification est assez récente."""
    gardee = session.get(EN_ATTENTE)
    if not gardee:
        return None
    age = maintenant - datetime.fromisoformat(gardee["le"])
    if age >= timedelta(seconds=settings.PREMIERE_CONNEXION_DUREE_S):
        del session[EN_ATTENTE]
        return None
    return _relire(gardee["preuve"])


def exercices(session: SessionBase) -> tuple[Exercice, ...]:
    preuve = lire(session)
    return preuve.identite.exercices if preuve else ()


def exercice_choisi(session: SessionBase) -> Exercice | None:
    """L’exercice au titre duquel la personne agit : le seul qu’elle a, ou celui qu’elle a choisi."""
    connus = exercices(session)
    if len(connus) == 1:
        return connus[0]
    rang = session.get(EXERCICE)
    return connus[rang] if isinstance(rang, int) and 0 <= rang < len(connus) else None


def _relire(donnees: dict[str, Any]) -> Preuve:
    return Preuve(**donnees | {"identite": relire(donnees["identite"])})
