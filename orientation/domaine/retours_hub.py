"""Ce que le Hub Santé et le LRM répondent : acquittements et erreurs, lus sans rien croire d’eux.

Seul le nécessaire est gardé : le message d’origine que redit une erreur
(`sourceMessage`) n’est pas lu. Source : fhir.md § 8 ; codes du dépôt public du
Hub Santé, que l’on reconnaît à leur nombre, le texte ne servant qu’à l’écran.
"""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from typing import Any

TAILLE_MAX = 512 * 1024
TEXTE_MAX = 500
REFERENCE_MAX = 120


class Suite(enum.Enum):
    """Ce que la plateforme fait d’une erreur."""

    REFUS = "une personne doit regarder"
    REPRENDRE = "le message n’est pas arrivé : le redire, avec de nouvelles dates"
    CREER = "le LRM ne connaît pas ce rendez-vous : le lui créer"
    MODIFIER = "le LRM connaît déjà ce rendez-vous : lui en donner l’état"


@dataclass(frozen=True, slots=True)
class Code:
    libelle: str
    suite: Suite = Suite.REFUS


CODES: dict[int, Code] = {
    100: Code("Mode de remise refusé : un message doit être persistant"),
    101: Code("Type de contenu refusé"),
    102: Code("Message illisible pour le Hub Santé"),
    200: Code("Expéditeur incohérent avec le certificat ou la file"),
    300: Code("Message non conforme au schéma"),
    301: Code("Schéma inconnu du Hub Santé"),
    400: Code("Message expiré avant d’être distribué", Suite.REPRENDRE),
    404: Code("Rendez-vous inconnu du LRM", Suite.CREER),
    409: Code("Rendez-vous déjà connu du LRM", Suite.MODIFIER),
    500: Code("Message expiré avant que le LRM ne le lise", Suite.REPRENDRE),
    501: Code("Destinataire inconnu du Hub Santé"),
    600: Code("Conversion impossible vers la version du LRM"),
    700: Code("Erreur interne du LRM", Suite.REPRENDRE),
    701: Code("Déjà connu du LRM", Suite.MODIFIER),
    702: Code("Message reçu dans le désordre par le LRM", Suite.MODIFIER),
    703: Code("Expéditeur inconnu du LRM"),
    704: Code("Données insuffisantes pour le LRM"),
}
INCONNU = Code("Erreur inconnue")


class RetourIllisible(Exception):
    """Ce message de retour ne se comprend pas ; il est écarté, et compté."""


@dataclass(frozen=True, slots=True)
class Acquittement:
    """`refuse` : le LRM dit avoir reçu le message sans l’accepter. `identifiant` est celui du retour lui-même."""

    identifiant: str
    reference: str
    refuse: bool = False
    etape: str = ""


@dataclass(frozen=True, slots=True)
class Erreur:
    identifiant: str
    reference: str
    code: int
    titre: str = ""
    cause: str = ""

    @property
    def connue(self) -> Code:
        return CODES.get(self.code, INCONNU)


def lire(corps: bytes) -> Acquittement | Erreur:
    """Lève `RetourIllisible`, avec la raison ; aucun extrait du contenu n’y figure."""
    if len(corps) > TAILLE_MAX:
        raise RetourIllisible("trop long")
    try:
        enveloppe = json.loads(corps)
    except (ValueError, RecursionError):
        raise RetourIllisible("JSON illisible") from None
    identifiant = _texte(_objet(enveloppe, "enveloppe"), "distributionID", REFERENCE_MAX)
    genre = enveloppe.get("distributionKind")
    if genre not in ("Ack", "Error"):
        raise RetourIllisible("ni acquittement ni erreur")
    try:
        interieur = enveloppe["content"][0]["jsonContent"]["embeddedJsonContent"]["message"]
    except (KeyError, IndexError, TypeError):
        raise RetourIllisible("contenu absent") from None
    interieur = _objet(interieur, "message")
    return _acquittement(identifiant, interieur) if genre == "Ack" else _erreur(identifiant, interieur)


def _acquittement(identifiant: str, interieur: dict[str, Any]) -> Acquittement:
    reference = _objet(interieur.get("reference"), "référence")
    etape = _facultatif(reference, "step", 20)
    return Acquittement(
        identifiant=identifiant,
        reference=_texte(reference, "distributionID", REFERENCE_MAX),
        refuse=reference.get("refused") is True or etape == "ERREUR",
        etape=etape,
    )


def _erreur(identifiant: str, interieur: dict[str, Any]) -> Erreur:
    erreur = _objet(interieur.get("error"), "erreur")
    code = _objet(erreur.get("errorCode"), "code d’erreur")
    nombre = code.get("statusCode")
    if isinstance(nombre, bool) or not isinstance(nombre, int | float) or not 0 <= nombre < 10_000:
        raise RetourIllisible("code d’erreur absent")
    return Erreur(
        identifiant=identifiant,
        # Une erreur 102 ne sait pas toujours de quel message elle parle.
        reference=_facultatif(erreur, "referencedDistributionID", REFERENCE_MAX),
        code=int(nombre),
        titre=_facultatif(code, "statusString", 80),
        cause=_facultatif(erreur, "errorCause", TEXTE_MAX),
    )


def _objet(valeur: Any, quoi: str) -> dict[str, Any]:
    if not isinstance(valeur, dict):
        raise RetourIllisible(f"{quoi} absente ou mal formée" if quoi != "message" else "message mal formé")
    return valeur


def _texte(objet: dict[str, Any], nom: str, longueur: int) -> str:
    valeur = objet.get(nom)
    if not isinstance(valeur, str) or not valeur or len(valeur) > longueur or "\x00" in valeur:
        raise RetourIllisible(f"{nom} absent ou mal formé")
    return valeur


def _facultatif(objet: dict[str, Any], nom: str, longueur: int) -> str:
    valeur = objet.get(nom)
    return valeur.replace("\x00", "")[:longueur] if isinstance(valeur, str) else ""
