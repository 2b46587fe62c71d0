"""Ce que toute réponse FHIR a en commun : types de média, négociation, OperationOutcome."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse

TYPE_MIME = "application/fhir+json"
# Le deuxième est l’orthographe d’avant FHIR R3, que le guide de l’ANS impose encore.
TYPES_ADMIS = (TYPE_MIME, "application/json+fhir", "application/json")
_TOUS = ("*/*", "application/*")
_FORMATS = {"json": TYPE_MIME, "text/json": "application/json"} | {nom: nom for nom in TYPES_ADMIS}
# Code d’une OperationOutcome (`issue-type`) selon l’état HTTP ; les autres refus sont « processing ».
_CODES = {
    400: "invalid",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    413: "too-long",
    415: "not-supported",
    422: "business-rule",
    429: "throttled",
    500: "exception",
    503: "transient",
}


def type_demande(request: HttpRequest) -> str | None:
    """Type de média de la réponse ; nul si l’appelant n’admet aucun des nôtres (406).

    `_format` l’emporte sur `Accept`, comme le veut FHIR ; absent ou joker, c’est
    `application/fhir+json`.
    """
    format_voulu = request.GET.get("_format", "").strip().lower()
    if format_voulu:
        # Un « + » non encodé se lit comme une espace.
        return _FORMATS.get(format_voulu.partition(";")[0].strip().replace(" ", "+"))
    accept = request.headers.get("Accept", "").strip()
    if not accept:
        return TYPE_MIME
    voulus = _types_acceptes(accept)
    precis = next((nom for nom in voulus if nom in TYPES_ADMIS), None)
    return precis or (TYPE_MIME if any(nom in _TOUS for nom in voulus) else None)


def type_admis(content_type: str) -> bool:
    """Vrai si ce corps est du JSON en UTF-8 ; un type absent n’est pas refusé."""
    nom, *parametres = (morceau.strip().lower() for morceau in content_type.split(";"))
    jeux = [p.partition("=")[2].strip('" ') for p in parametres if p.partition("=")[0].strip() == "charset"]
    return (not nom or nom in TYPES_ADMIS) and all(jeu in ("utf-8", "utf8", "us-ascii") for jeu in jeux)


def repondre(contenu: Any, *, status: int = 200, type_mime: str | None = None) -> HttpResponse:
    reponse = HttpResponse(
        msgspec.json.encode(contenu), status=status, content_type=f"{type_mime or TYPE_MIME}; charset=utf-8"
    )
    reponse.headers["Cache-Control"] = "no-store"
    return reponse


def resultat(constats: Iterable[tuple[str, str, str]]) -> dict[str, Any]:
    """OperationOutcome ; chaque constat est (gravité, code, phrase)."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": gravite, "code": code, "diagnostics": phrase} for gravite, code, phrase in constats
        ],
    }


def echec(status: int, phrase: str, *, code: str = "", type_mime: str | None = None) -> HttpResponse:
    """La phrase ne recopie jamais ce qui a été reçu."""
    constat = ("error", code or _CODES.get(status, "processing"), phrase)
    return repondre(resultat([constat]), status=status, type_mime=type_mime)


def _types_acceptes(accept: str) -> list[str]:
    """Dans l’ordre de préférence ; ceux que l’appelant exclut (`q=0`) n’y sont pas."""
    lus = []
    for rang, morceau in enumerate(accept.split(",")):
        nom, *parametres = (partie.strip().lower() for partie in morceau.split(";"))
        if not nom:
            continue
        poids = 1.0
        for parametre in parametres:
            if parametre.startswith("q="):
                try:
                    poids = float(parametre[2:])
                except ValueError:
                    poids = 0.0
        if poids > 0:
            lus.append((-poids, rang, nom))
    return [nom for _, _, nom in sorted(lus)]
