"""Ce que la plateforme change à django-allauth : courriels, messages, qui peut entrer, ce qui se trace."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.stagekit import clear_login
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from comptes import mots_de_passe, secours, sessions
from comptes.actions import tracer
from comptes.connexion import page_d_arrivee
from comptes.courriels import ecrire, lien_public
from comptes.local import actions
from comptes.models import Compte

ACTIVATION = "activation"  # moyen d’entrer, à côté de « password » et « mfa » de la bibliothèque

_BLOQUE = (
    "Trop d’essais infructueux : la connexion est bloquée pour cette adresse pendant un quart d’heure. "
    "Vous pouvez réinitialiser votre mot de passe sans attendre."
)
_ERREURS = {
    "account_inactive": "Ce compte est désactivé.",
    "email_password_mismatch": "L’adresse électronique ou le mot de passe n’est pas le bon.",
    "enter_current_password": "Ce n’est pas votre mot de passe actuel.",
    "incorrect_code": "Ce code n’est pas le bon, ou il a déjà servi. Tapez celui qui s’affiche à présent.",
    "incorrect_password": "Ce n’est pas votre mot de passe.",
    "invalid_password_reset": "Ce lien n’est plus valable.",
    "rate_limited": "Trop de demandes à la suite. Réessayez dans quelques minutes.",
    "too_many_login_attempts": _BLOQUE,
}
_MESSAGES = {
    "account/messages/password_changed.txt": "Votre mot de passe a bien été modifié.",
    "account/messages/password_set.txt": "Votre mot de passe a bien été enregistré.",
    "mfa/messages/totp_activated.txt": "Votre second facteur est activé.",
    "mfa/messages/totp_deactivated.txt": "Votre second facteur est désactivé.",
    "mfa/messages/recovery_codes_generated.txt": "De nouveaux codes de secours ont été créés.",
}


class AdaptateurComptes(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | _ERREURS

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        assert isinstance(request.user, Compte)
        return page_d_arrivee(request.user)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return "/compte/identifiants/"

    def clean_password(self, password: str, user: Any = None) -> str:
        mots_de_passe.verifier(password, user or Compte())
        return password

    def set_password(self, user: Any, password: str) -> None:
        mots_de_passe.poser(user, password, maintenant=timezone.now())

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        """Le mot de passe est bon ; encore faut-il qu’il suffise à cette personne (docs/adr/0012)."""
        if refus := super().pre_login(request, user, **kwargs):
            tracer(acteur=user, verbe="connexion_refusee", objet=f"compte:{user.pk}", motif="desactive")
            return refus
        if not secours.concerne(user):
            return None
        # Le lien d’activation n’ouvre qu’un compte où nul n’est encore entré : « mot de passe oublié » en redonne
        # un à qui lit la boîte, et lire une boîte ne vaut pas Pro Santé Connect.
        par_lien = any(moyen["method"] == ACTIVATION for moyen in get_authentication_records(request, user))
        if par_lien and user.last_login is None:
            return None
        if not secours.est_ouverte(maintenant=timezone.now()):
            return self._refuser(request, user, "secours_fermee")
        if not is_mfa_enabled(user, [Authenticator.Type.TOTP]):
            return self._refuser(request, user, "second_facteur_absent")
        return None

    @staticmethod
    def _refuser(request: HttpRequest, compte: Compte, motif: str) -> HttpResponse:
        clear_login(request)
        tracer(acteur=compte, verbe="connexion_refusee", objet=f"compte:{compte.pk}", motif=motif)
        return redirect("comptes:secours_refuse", motif=motif)

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        sessions.ouvrir(request)
        moyens = [moyen["method"] for moyen in get_authentication_records(request, user)]
        tracer(acteur=user, verbe="connexion", objet=f"compte:{user.pk}", moyens=moyens)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Trace l’échec sur un compte qui existe ; les autres ne doivent pas pouvoir remplir la trace."""
        compte = Compte.objects.filter(email=str(credentials.get("email", "")).lower()).first()
        if compte:
            tracer(
                acteur=None, verbe="connexion_refusee", objet=f"compte:{compte.pk}", motif="mot_de_passe_faux"
            )

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Les messages de la bibliothèque, dans nos mots ; ceux qui n’apprennent rien ne s’affichent pas."""
        texte = message or _MESSAGES.get(message_template or "")
        if texte:
            messages.add_message(request, level, texte)

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """Qui n’a jamais activé son compte reçoit un nouveau lien d’activation (guide effecteur, § 1.1)."""
        if not user.has_usable_password():
            actions.inviter(compte=user, maintenant=timezone.now())
            return
        chemin = urlsplit(context["password_reset_url"]).path
        duree = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
        ecrire(
            gabarit="comptes/mot_de_passe_oublie",
            destinataire=user.email,
            contexte={
                "prenom": user.prenom,
                "nom": user.nom,
                "lien": lien_public(chemin),
                "duree_h": duree // timedelta(hours=1),
            },
            compte=user,
        )

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Qui vient de s’identifier, par mot de passe ou par le lien d’activation, n’a pas à recommencer."""
        moyens = get_authentication_records(self.request, self.request.user)
        return not moyens or time.time() - moyens[-1]["at"] >= app_settings.REAUTHENTICATION_TIMEOUT

    def oublier_les_echecs(self, compte: Compte) -> None:
        """Un mot de passe réinitialisé lève le blocage : le lien a prouvé l’adresse."""
        self._delete_login_attempts_cached_email(self.request, email=compte.email)


class AdaptateurSecondFacteur(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _ERREURS["incorrect_code"],
        "rate_limited": _ERREURS["rate_limited"],
        "cannot_delete_authenticator": "Votre rôle exige un second facteur : il ne se désactive pas.",
    }

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        est_une_application = authenticator.type == Authenticator.Type.TOTP
        return not (est_une_application and secours.exige_second_facteur(authenticator.user))
