"""Ce qu’un appel transmet, le temps d’arriver : hors de l’URL, et hors de la session de qui que ce soit.

Un appel arrive souvent sans session, ou, par POST depuis un autre site, sans le
cookie de celle qui est ouverte. Ses paramètres vont donc dans un dépôt à part,
une ligne de session que nul compte n’ouvre. L’URL n’en porte qu’un numéro ; un
cookie propre à cette URL en porte la clé. Il faut les deux : l’adresse ne se
lit ni d’un lien copié, ni d’un autre navigateur, et se connecter ne change rien
à ce qui a été déposé. Un dépôt sert une fois, et expire seul.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from comptes.moteur_sessions import SessionStore
from orientation.domaine.appel_lrm import retenir

COOKIE = "sas_lrm"
# Le temps de s’identifier, d’accepter les conditions, de choisir un exercice.
DUREE_S = 15 * 60
_CLE = "appel_lrm"


def deposer(parametres: Mapping[str, Sequence[str]]) -> HttpResponse:
    """Dépose les paramètres, bornés, et renvoie vers l’arrivée par un 303 qui ne se garde pas."""
    numero = secrets.token_urlsafe(12)
    depot = SessionStore()
    depot[_CLE] = {"numero": numero, "parametres": retenir(parametres)}
    depot.set_expiry(DUREE_S)
    depot.save()
    chemin = reverse("lrm:arrivee", kwargs={"numero": numero})
    reponse = redirect(chemin)
    reponse.status_code = 303
    reponse.set_cookie(
        COOKIE,
        str(depot.session_key),
        max_age=DUREE_S,
        path=chemin,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    sans_trace(reponse)
    return reponse


def lire(request: HttpRequest, numero: str) -> dict[str, list[str]] | None:
    """Les paramètres déposés sous ce numéro par ce navigateur ; rien s’ils ont servi, ou expiré."""
    cle = request.COOKIES.get(COOKIE, "")
    depot = SessionStore(cle) if cle else None
    contenu: dict[str, Any] = depot.get(_CLE, {}) if depot is not None else {}
    if not secrets.compare_digest(str(contenu.get("numero", "")).encode(), numero.encode()):
        return None
    return dict(contenu["parametres"])


def effacer(request: HttpRequest, reponse: HttpResponse) -> None:
    """Le dépôt a servi : il quitte la base et le navigateur."""
    SessionStore(request.COOKIES[COOKIE]).delete()
    reponse.delete_cookie(COOKIE, path=request.path, samesite="Lax")


def sans_trace(reponse: HttpResponse) -> None:
    """Ni cache, ni `Referer` : l’adresse demandée portait celle du patient."""
    reponse.headers["Cache-Control"] = "no-store"
    reponse.headers["Referrer-Policy"] = "no-referrer"
