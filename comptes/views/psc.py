"""Entrer et sortir, par Pro Santé Connect."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from comptes import echecs, sessions
from comptes import preuve as preuves
from comptes.actions import tracer
from comptes.connecteurs import psc
from comptes.connexion import SansCompte, apres_connexion, chemin_d_ici, entrer, page_d_arrivee
from comptes.models import Compte, SessionOuverte

ETAT_DECONNEXION = "etat_deconnexion"
# Alias d’un fournisseur d’identité de Pro Santé Connect ; lui seul juge s’il existe.
_FOURNISSEUR = re.compile(r"[A-Za-z0-9._-]{1,100}")


@never_cache
@require_safe
def connexion(request: HttpRequest) -> HttpResponse:
    suite = chemin_d_ici(request, request.GET.get("next"))
    if isinstance(request.user, Compte):
        return redirect(suite or page_d_arrivee(request.user))
    if ETAT_DECONNEXION in request.session:
        _dire_la_deconnexion(request)
    # Retour de Pro Santé Connect : l’état ne reste ni dans l’adresse, ni dans l’historique.
    if "state" in request.GET:
        return redirect("comptes:connexion")
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
            return echecs.montrer(request, echecs.ServiceIndisponible())
        return super().get(request)

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        """`kc_idp_hint` mène droit au fournisseur d’identité de l’hôpital choisi."""
        choisi = request.GET.get("etablissement", "")
        propre = {"kc_idp_hint": choisi} if _FOURNISSEUR.fullmatch(choisi) else {}
        return super().get_extra_params(request) | propre


@method_decorator(never_cache, name="dispatch")
class RetourPSC(OIDCAuthenticationCallbackView):
    """Retour de Pro Santé Connect : ouvre la session, ou dit pourquoi elle ne s’ouvre pas."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        try:
            self._verifier_etat(request)
            if request.GET.get("error") or "code" not in request.GET:
                _oublier_etat(request)
                raise _erreur_annoncee(request)
            return super().get(request)
        except SansCompte as inconnu:
            return self._premiere_connexion(inconnu.preuve)
        except echecs.EchecConnexion as echec:
            return echecs.montrer(request, echec)

    @staticmethod
    def _verifier_etat(request: HttpRequest) -> None:
        """Lève `EtatPerime` si cette réponse ne répond à aucune demande récente de ce navigateur."""
        demandes = request.session.get("oidc_states")
        demande = demandes.get(request.GET.get("state")) if isinstance(demandes, dict) else None
        if demande is None:
            raise echecs.EtatPerime(sans_demande=True)
        if time.time() - demande["added_on"] > settings.PSC_DUREE_ETAT_S:
            _oublier_etat(request)
            raise echecs.EtatPerime

    def login_failure(self) -> HttpResponse:
        return echecs.montrer(self.request, echecs.PreuveRefusee())

    def login_success(self) -> HttpResponse:
        suite = self._suite()  # lue avant `entrer`, qui vide la session d’un autre compte
        entrer(self.request, self.user, self.request.preuve)
        return redirect(apres_connexion(self.request, self.user, suite))

    def _premiere_connexion(self, preuve: preuves.Preuve) -> HttpResponse:
        """Personne vérifiée, sans compte : elle n’agit plus sous le nom de qui l’a précédée ici."""
        suite, occupant = self._suite(), self.request.user
        if isinstance(occupant, Compte):
            auth.logout(self.request)
            motif = "autre identité sur ce poste"
            tracer(acteur=occupant, verbe="deconnexion", objet=f"compte:{occupant.pk}", motif=motif)
        self.request.session["oidc_login_next"] = suite
        preuves.mettre_en_attente(self.request.session, preuve, maintenant=timezone.now())
        return redirect("premiere_connexion:saisie")

    def _suite(self) -> str:
        return chemin_d_ici(self.request, self.request.session.get("oidc_login_next"))


def _erreur_annoncee(request: HttpRequest) -> echecs.EchecConnexion:
    """L’échec que dit le retour ; Keycloak précise parfois la cause dans la description."""
    if "error" not in request.GET:
        return echecs.PreuveRefusee()
    for indice in (request.GET.get("error_description"), request.GET["error"]):
        if indice in echecs.PAR_ERREUR:
            return echecs.PAR_ERREUR[indice]()
    return echecs.ErreurSignalee()


def _oublier_etat(request: HttpRequest) -> None:
    """Une demande n’a qu’une réponse : la même, rejouée, ne s’écrira pas deux fois dans la trace."""
    del request.session["oidc_states"][request.GET["state"]]
    request.session.modified = True


@never_cache
@require_POST
def deconnexion(request: HttpRequest) -> HttpResponse:
    """Ferme la session ici, puis chez Pro Santé Connect si c’est lui qui l’avait ouverte."""
    if isinstance(request.user, AnonymousUser):
        return redirect("comptes:connexion")
    preuve, compte = preuves.lire(request.session), request.user
    SessionOuverte.objects.filter(cle_session=request.session.session_key).delete()
    auth.logout(request)
    tracer(acteur=compte, verbe="deconnexion", objet=f"compte:{compte.pk}")
    if preuve is None:
        return redirect("comptes:connexion")
    try:
        fin = psc.metadonnees().fin_de_session
    except psc.PscIndisponible:
        messages.warning(
            request,
            "Vous êtes déconnecté d’ici, mais Pro Santé Connect ne répond pas : fermez le navigateur.",
        )
        return redirect("comptes:connexion")
    etat = secrets.token_urlsafe(24)
    request.session[ETAT_DECONNEXION] = etat
    retour = request.build_absolute_uri(reverse("comptes:connexion"))
    champs = {"id_token_hint": preuve.jeton_identite, "post_logout_redirect_uri": retour, "state": etat}
    return HttpResponseRedirect(f"{fin}?{urlencode(champs)}")


def _dire_la_deconnexion(request: HttpRequest) -> None:
    """Pro Santé Connect rend parfois la main sans l’état : rien ne prouve alors que sa session est fermée."""
    attendu = request.session.pop(ETAT_DECONNEXION)
    if secrets.compare_digest(request.GET.get("state", "").encode(), attendu.encode()):
        messages.success(request, "Vous êtes déconnecté de la plateforme et de Pro Santé Connect.")
    else:
        messages.info(
            request,
            "Vous êtes déconnecté de la plateforme. Pro Santé Connect n’a pas confirmé la fermeture de sa "
            "session : sur un poste partagé, retirez votre carte et fermez le navigateur.",
        )


@csrf_exempt
@never_cache
@require_POST
def deconnexion_par_psc(request: HttpRequest) -> JsonResponse:
    """Pro Santé Connect ferme une session : les nôtres se ferment (Back-Channel Logout 1.0 § 2.8)."""
    jeton = request.POST.get("logout_token", "")
    instant_s = timezone.now().timestamp()
    try:
        fin = psc.verifier_jeton_deconnexion(jeton, instant_s=instant_s)
    except psc.PscIndisponible:
        return JsonResponse({"error": "temporarily_unavailable"}, status=503)
    except psc.ReponseRefusee:
        return JsonResponse({"error": "invalid_request"}, status=400)
    cle = f"psc:jti:{hashlib.sha256(fin.jti.encode()).hexdigest()}"
    if cache.get(cle):
        return JsonResponse({"error": "invalid_request"}, status=400)
    sessions.fermer(fin.sid, fin.sub)
    # Noté une fois fait : si la base a manqué, Pro Santé Connect peut redemander.
    cache.set(cle, 1, 2 * (psc.DUREE_JETON_DECONNEXION_S + settings.PSC_DERIVE_HORLOGE_S))
    return JsonResponse({})
