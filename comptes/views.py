"""Entrer et sortir, par Pro Santé Connect."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from comptes.actions import tracer
from comptes.connecteurs import psc
from comptes.connexion import (
    ConnexionAnnulee,
    EchecConnexion,
    EtatPerime,
    PreuveRefusee,
    ServiceIndisponible,
)
from comptes.sessions import ouvrir

JETON_IDENTITE = "jeton_identite"


@never_cache
@require_safe
def connexion(request: HttpRequest) -> HttpResponse:
    suite = request.GET.get("next", "")
    ici = url_has_allowed_host_and_scheme(suite, {request.get_host()}, require_https=request.is_secure())
    # Un chemin entier seulement : `redirect` prendrait « accueil » ou « ?x » pour un nom de route.
    if not (ici and suite.startswith("/")):
        suite = ""
    if request.user.is_authenticated:
        return redirect(suite or settings.LOGIN_REDIRECT_URL)
    return render(request, "comptes/connexion.html", {"suite": suite})


@method_decorator(never_cache, name="dispatch")
class DepartPSC(OIDCAuthenticationRequestView):
    """Envoie chez Pro Santé Connect, avec un état, un nonce et un défi PKCE neufs."""

    def __init__(self, **kwargs: Any) -> None:
        # Le parent lit une adresse figée dans les réglages ; la nôtre vient de la découverte, à l’appel.
        super(OIDCAuthenticationRequestView, self).__init__(**kwargs)
        self.OIDC_RP_CLIENT_ID = settings.PSC_CLIENT_ID

    def get(self, request: HttpRequest) -> HttpResponse:
        try:
            self.OIDC_OP_AUTH_ENDPOINT = psc.metadonnees().autorisation
        except psc.PscIndisponible:
            return _echec(request, ServiceIndisponible())
        return super().get(request)


@method_decorator(never_cache, name="dispatch")
class RetourPSC(OIDCAuthenticationCallbackView):
    """Retour de Pro Santé Connect : ouvre la session, ou dit pourquoi elle ne s’ouvre pas."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        try:
            self._verifier_etat(request)
            if request.GET.get("error") or "code" not in request.GET:
                _oublier_etat(request)
                raise ConnexionAnnulee if request.GET.get("error") == "access_denied" else PreuveRefusee
            return super().get(request)
        except EchecConnexion as echec:
            return _echec(request, echec)

    @staticmethod
    def _verifier_etat(request: HttpRequest) -> None:
        """Lève `EtatPerime` si cette réponse ne répond à aucune demande récente de ce navigateur."""
        demandes = request.session.get("oidc_states")
        demande = demandes.get(request.GET.get("state")) if isinstance(demandes, dict) else None
        if demande is None:
            raise EtatPerime(sans_demande=True)
        if time.time() - demande["added_on"] > settings.PSC_DUREE_ETAT_S:
            _oublier_etat(request)
            raise EtatPerime

    def login_failure(self) -> HttpResponse:
        return _echec(self.request, PreuveRefusee())

    def login_success(self) -> HttpResponse:
        suite = self.success_url  # lue avant `login`, qui vide la session d’un autre compte
        auth.login(self.request, self.user)
        ouvrir(self.request)
        self.request.session[JETON_IDENTITE] = self.request.jeton_identite
        tracer(acteur=self.user, verbe="connexion", objet=f"compte:{self.user.pk}")
        return HttpResponseRedirect(suite)


def _oublier_etat(request: HttpRequest) -> None:
    """Une demande n’a qu’une réponse : la même, rejouée, ne s’écrira pas deux fois dans la trace."""
    del request.session["oidc_states"][request.GET["state"]]
    request.session.modified = True


def _echec(request: HttpRequest, echec: EchecConnexion) -> HttpResponse:
    """Trace l’échec et montre son écran ; seul l’identifiant national est retenu de l’identité.

    Un retour que rien n’avait demandé n’est pas une tentative de connexion : il
    ne s’écrit pas, sinon n’importe qui remplirait la trace.
    """
    if not echec.sans_demande:
        details = {"motif": echec.motif}
        if echec.identite:
            details["identifiant_national"] = echec.identite.identifiant_national
        objet = f"compte:{echec.compte.pk}" if echec.compte else "compte:inconnu"
        tracer(acteur=echec.compte, verbe="connexion_refusee", objet=objet, **details)
    return render(request, "comptes/echec.html", {"echec": echec}, status=echec.etat_http)


@never_cache
@require_POST
def deconnexion(request: HttpRequest) -> HttpResponse:
    """Ferme la session ici, puis chez Pro Santé Connect si c’est lui qui l’avait ouverte."""
    if isinstance(request.user, AnonymousUser):
        return redirect("comptes:connexion")
    jeton, compte = request.session.get(JETON_IDENTITE), request.user
    auth.logout(request)
    tracer(acteur=compte, verbe="deconnexion", objet=f"compte:{compte.pk}")
    if jeton:
        try:
            fin = psc.metadonnees().fin_de_session
        except psc.PscIndisponible:
            messages.warning(
                request,
                "Vous êtes déconnecté d’ici, mais Pro Santé Connect ne répond pas : fermez le navigateur.",
            )
        else:
            retour = request.build_absolute_uri(reverse("comptes:connexion"))
            champs = {"id_token_hint": jeton, "post_logout_redirect_uri": retour}
            return HttpResponseRedirect(f"{fin}?{urlencode(champs)}")
    return redirect("comptes:connexion")
