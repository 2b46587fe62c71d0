"""Lire dans le navigateur les courriels que la démonstration n’envoie à personne."""

from __future__ import annotations

from csp.constants import NONE, UNSAFE_INLINE
from csp.decorators import csp
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from comptes.courriels import rendre
from sas_platform.demo.courriels import boite, exemples

# Un courriel porte ses styles en ligne, et rien d’autre : ni script, ni image, ni formulaire.
CSP_D_UN_COURRIEL = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "frame-ancestors": [NONE],
    "base-uri": [NONE],
}


@never_cache
@require_safe
def courriels(request: HttpRequest) -> HttpResponse:
    return render(request, "demo/courriels.html", {"recus": boite.lire(), "gabarits": exemples.gabarits()})


@never_cache
@require_safe
def courriel(request: HttpRequest, cle: str) -> HttpResponse:
    return render(request, "demo/courriel.html", {"recu": _recu(cle)})


@never_cache
@require_safe
def courriel_html(request: HttpRequest, cle: str) -> HttpResponseBase:
    return _mis_en_forme(request, _recu(cle).html)


@require_safe
def gabarit(request: HttpRequest, gabarit: str) -> HttpResponse:
    sujet, texte, _ = _exemple(gabarit)
    return render(request, "demo/gabarit_courriel.html", {"gabarit": gabarit, "sujet": sujet, "texte": texte})


@require_safe
def gabarit_html(request: HttpRequest, gabarit: str) -> HttpResponseBase:
    return _mis_en_forme(request, _exemple(gabarit)[2])


def _mis_en_forme(request: HttpRequest, html: str) -> HttpResponseBase:
    return csp(CSP_D_UN_COURRIEL)(lambda _: HttpResponse(html))(request)


def _recu(cle: str) -> boite.Recu:
    for recu in boite.lire():
        if recu.cle == cle:
            return recu
    raise Http404


def _exemple(gabarit: str) -> tuple[str, str, str]:
    if gabarit not in exemples.gabarits():
        raise Http404
    return rendre(gabarit, exemples.contexte())
