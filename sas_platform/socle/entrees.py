"""Ce qu’aucun navigateur n’envoie, et que la base ou Python ne sauraient lire : un refus, non une panne."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import IO, Any

import msgspec
from django.core.exceptions import BadRequest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

TAILLE_MAX = 100_000
_NUL = "\x00"


class CorpsTropLong(APIException):
    status_code = 413
    default_detail = f"Le corps tient en {TAILLE_MAX} octets au plus."
    default_code = "trop_long"


class RequeteLisible(WSGIRequest):
    """Lit en UTF-8 ce qu’on annonce dans un jeu qui n’en est pas un (`charset=hex`).

    Django lèverait en construisant la requête, avant tout intergiciel : ni page
    d’erreur, ni journal.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except (LookupError, ValueError):
            self._encoding = None


class SansSigneNul:
    """Refuse le signe nul, que PostgreSQL ne sait pas garder.

    Les champs de formulaire le refusent déjà ; restent les paramètres
    et les cookies, qu’un filtre ou la session cherchent tels quels dans la base.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "%00" in request.META.get("QUERY_STRING", "") or any(_NUL in v for v in request.COOKIES.values()):
            raise BadRequest("signe nul")
        return self.get_response(request)


class BarreFinale(CommonMiddleware):
    """Qui oublie la barre finale est renvoyé à la bonne adresse avec son corps : un 301 ferait de son POST un GET."""

    response_redirect_class = partial(HttpResponsePermanentRedirect, preserve_request=True)  # type: ignore[assignment]


class LecteurJson(BaseParser):
    """Corps de l’API : JSON strict, borné en taille ; ni NaN, ni moitié de caractère, ni abîme de crochets."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        corps = stream.read(TAILLE_MAX + 1)
        if len(corps) > TAILLE_MAX:
            raise CorpsTropLong
        try:
            return msgspec.json.decode(corps)
        except (ValueError, RecursionError):
            # Sans la cause : son texte peut citer le corps, donc une adresse.
            raise ParseError("Le corps n’est pas du JSON lisible.") from None
