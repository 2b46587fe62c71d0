"""Erreurs de l’API, à la forme « problem details » (RFC 9457)."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

TYPE_MIME = "application/problem+json"


class Probleme(exceptions.APIException):
    """Refus attendu : état HTTP, code stable pour les programmes, phrase pour les personnes."""

    def __init__(self, *, status: int, code: str, detail: str, **complements: Any) -> None:
        super().__init__(detail=detail, code=code)
        self.status_code = status
        self.code = code
        self.complements = complements


def probleme(*, status: int, code: str, detail: str, **complements: Any) -> dict[str, Any]:
    titre = HTTPStatus(status).phrase
    return {
        "type": "about:blank",
        "title": titre,
        "status": status,
        "detail": detail,
        "code": code,
    } | complements


def traiter_exception(exc: Exception, context: dict[str, Any]) -> Response | None:
    """`EXCEPTION_HANDLER` de l’API ; rend `None` pour l’inattendu, que Django transforme en 500."""
    entetes: dict[str, str] = {}
    if isinstance(exc, Http404):
        corps = probleme(status=404, code="introuvable", detail="Rien à cette adresse.")
    elif isinstance(exc, PermissionDenied):
        corps = probleme(status=403, code="permission_denied", detail="Action refusée.")
    elif isinstance(exc, (OperationalError, InterfaceError)):
        entetes["Retry-After"] = "30"
        corps = probleme(status=503, code="indisponible", detail="La base de données ne répond pas.")
    elif isinstance(exc, Probleme):
        corps = probleme(status=exc.status_code, code=exc.code, detail=str(exc.detail), **exc.complements)
    elif isinstance(exc, exceptions.ValidationError):
        corps = probleme(
            status=400, code="invalide", detail="Un champ ou plusieurs sont à corriger.", erreurs=exc.detail
        )
    elif isinstance(exc, exceptions.APIException):
        if isinstance(exc, (exceptions.NotAuthenticated, exceptions.AuthenticationFailed)):
            entetes["WWW-Authenticate"] = getattr(exc, "auth_header", "")
        attente = getattr(exc, "wait", None)  # seul `Throttled` en a une
        if attente:
            # Arrondie vers le haut : revenu une fraction trop tôt, on serait refusé encore.
            entetes["Retry-After"] = str(math.ceil(attente))
        codes = exc.get_codes()
        corps = probleme(
            status=exc.status_code,
            code=codes if isinstance(codes, str) else "invalide",
            detail=str(exc.detail),
        )
    else:
        return None
    set_rollback()
    return Response(corps, status=corps["status"], headers=entetes, content_type=TYPE_MIME)
