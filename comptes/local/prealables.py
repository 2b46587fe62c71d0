"""Ce qu’une personne connectée doit avoir fait avant d’ouvrir une page : mot de passe à jour, second facteur, CGU."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from comptes import cgu, droits, mots_de_passe, secours
from comptes.local.adaptateur import ACTIVATION
from comptes.models import Compte
from sas_platform.socle.problemes import TYPE_MIME, probleme

MOT_DE_PASSE = {"account_change_password"}
SECOND_FACTEUR = {
    "mfa_activate_totp",
    "mfa_view_recovery_codes",
    "mfa_download_recovery_codes",
    "account_reauthenticate",
    "mfa_reauthenticate",
}
TOUJOURS_OUVERTES = {"comptes:deconnexion", "comptes:session_etat", "comptes:session_prolonger"}


class Prealables:
    """Renvoie vers le premier préalable qui manque ; les jetons de l’API n’en ont pas."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        reponse: HttpResponseBase = self.get_response(request)
        return reponse

    def process_view(self, request: HttpRequest, *args: Any) -> HttpResponseBase | None:
        route = request.resolver_match.view_name if request.resolver_match else ""
        # Sans cookie il n’y a pas de session : un jeton de l’API, la sonde ou un visiteur.
        if (
            not settings.PREALABLES_EXIGES
            or settings.SESSION_COOKIE_NAME not in request.COOKIES
            or _est_libre(route)
            or not isinstance(request.user, Compte)
        ):
            return None
        adresse = _manque(request, request.user, route)
        if adresse is None:
            return None
        if route.startswith("api:"):
            corps = probleme(
                status=403, code="prealable", detail="Ouvrez d’abord la plateforme dans le navigateur."
            )
            return JsonResponse(corps, status=403, content_type=TYPE_MIME)
        return redirect(adresse)


def _est_libre(route: str) -> bool:
    """Les pages ouvertes à tous le restent, sauf l’accueil, qui mène au travail."""
    if route in TOUJOURS_OUVERTES:
        return True
    try:
        return droits.regle(route) is droits.PUBLIC and route != "accueil"
    except KeyError:
        return True


def _manque(request: HttpRequest, compte: Compte, route: str) -> str | None:
    """Adresse de ce qui reste à faire, ou rien. L’ordre compte : l’identité avant les conditions."""
    maintenant = timezone.now()
    releves = get_authentication_records(request, compte)
    # Un mot de passe redemandé en cours de session ne dit pas comment elle s’est ouverte.
    moyens = {releve["method"] for releve in releves if not releve.get("reauthenticated")}
    if moyens & {"password", ACTIVATION}:
        if mots_de_passe.est_expire(compte, maintenant=maintenant):
            return None if route in MOT_DE_PASSE else reverse("account_change_password")
        if "mfa" not in moyens and _second_facteur_manque(compte):
            return None if route in SECOND_FACTEUR else reverse("mfa_activate_totp")
    if not compte.cgu_acceptees and cgu.a_accepter(compte, maintenant=maintenant):
        return f"{reverse('comptes:cgu')}?{urlencode({'next': _page_demandee(request)})}"
    return None


def _second_facteur_manque(compte: Compte) -> bool:
    """La connexion de secours l’a déjà vérifié avant d’ouvrir la session (`AdaptateurComptes.pre_login`)."""
    exige = compte.a_un_role(secours.EXIGENT_SECOND_FACTEUR)
    return exige and not is_mfa_enabled(compte, [Authenticator.Type.TOTP])


def _page_demandee(request: HttpRequest) -> str:
    return request.get_full_path() if request.method == "GET" else "/"
