"""Les schémas publics du Hub Santé, appliqués avant chaque envoi : un refus du Hub (erreur 300) se voit chez nous."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, FormatChecker

SCHEMAS = Path(__file__).parent / "schemas"


@cache
def _schema(nom: str) -> Draft7Validator:
    schema = json.loads((SCHEMAS / f"{nom}.schema.json").read_text(encoding="utf-8"))
    return Draft7Validator(schema, format_checker=FormatChecker())


def defauts(message: Any) -> list[str]:
    """Ce que les trois schémas (enveloppe, en-tête, rendez-vous) refusent ; vide pour un message conforme.

    L’en-tête RC-DE admet d’autres champs : on exige que le rendez-vous y soit seul.
    """
    trouves = _lire("EDXL-DE-envelope-only", message)
    if trouves:
        return trouves
    interieur = message["content"][0]["jsonContent"]["embeddedJsonContent"].get("message")
    trouves = _lire("RC-DE", interieur)
    if trouves:
        return trouves
    etrangers = set(interieur) - set(_schema("RC-DE").schema["properties"]) - {"appointment"}
    if etrangers:
        return [f"champs étrangers : {', '.join(sorted(etrangers))}"]
    return _lire("RS-SAS-RDV", interieur.get("appointment"))


def _lire(nom: str, objet: Any) -> list[str]:
    """Où, et quelle règle : jamais la valeur refusée, qui irait dans un journal."""
    erreurs = sorted(_schema(nom).iter_errors(objet), key=lambda erreur: list(map(str, erreur.path)))
    return [f"{nom} : {'/'.join(map(str, e.path)) or 'racine'}, {e.validator}" for e in erreurs]
