"""Comptes locaux : activation, identifiants, adresse, CGU ; le reste est à django-allauth."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.account.views import LoginView, PasswordChangeView, PasswordSetView
from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comptes import cgu as conditions
from comptes import liens, mots_de_passe, secours
from comptes.connexion import chemin_d_ici, page_d_arrivee
from comptes.enums import UsageLien
from comptes.local import actions
from comptes.local.adaptateur import ACTIVATION
from comptes.local.forms import ActivationForm, AdresseForm
from comptes.models import Compte, Lien, SessionOuverte

REFUS_SECOURS = {
    "secours_fermee": "Connectez-vous avec Pro Santé Connect",
    "second_facteur_absent": "Il vous manque un second facteur",
}
CONFIRMATION_ENVOYEE = (
    "Un message vient d’être envoyé à {adresse}. Ouvrez son lien pour confirmer votre nouvelle adresse."
)


class Connexion(LoginView):
    """Par mot de passe ; une personne déjà connectée va à sa page."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        suite = chemin_d_ici(self.request, self.request.GET.get("next"))
        return super().get_context_data(**kwargs) | {"suite": suite}


class _SuitLaSession:
    """Un mot de passe posé change la clé de la session : sa fermeture par Pro Santé Connect doit encore la trouver."""

    request: HttpRequest

    def form_valid(self, form: Any) -> HttpResponse:
        ancienne = self.request.session.session_key
        reponse: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        SessionOuverte.objects.filter(cle_session=ancienne).update(
            cle_session=self.request.session.session_key
        )
        return reponse


@method_decorator(never_cache, name="dispatch")
class ChangementMotDePasse(_SuitLaSession, PasswordChangeView):
    """Aussi la page où mène un mot de passe expiré."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        expire = mots_de_passe.est_expire(_compte(self.request), maintenant=timezone.now())
        return super().get_context_data(**kwargs) | {"est_expire": expire}


@method_decorator(never_cache, name="dispatch")
class PremierMotDePasse(_SuitLaSession, PasswordSetView):
    """Pour qui est entré par Pro Santé Connect et prépare sa connexion de secours."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password1")
def activation(request: HttpRequest, secret: str) -> HttpResponse:
    """Choisir son mot de passe, accepter les CGU, et entrer."""
    maintenant = timezone.now()
    try:
        lien = _lien_d_activation(secret)
        assert lien.compte
        form = ActivationForm(request.POST or None, compte=lien.compte)
        if form.is_valid():
            compte = actions.activer(
                lien=lien, mot_de_passe=form.cleaned_data["password1"], maintenant=maintenant
            )
            return _entrer(request, compte)
    except liens.LienRefuse as refus:
        return _lien_refuse(request, refus, secret)
    return render(request, "comptes/local/activation.html", {"form": form, "compte": lien.compte})


@never_cache
@require_POST
def activation_renvoi(request: HttpRequest, secret: str) -> HttpResponse:
    """Un lien expiré en redonne un, à la même adresse ; un compte déjà activé a le mot de passe oublié."""
    try:
        _lien_d_activation(secret)
    except liens.LienPerime as refus:
        compte = refus.lien.compte if refus.lien else None
        if compte is None or not compte.email or not compte.is_active or compte.has_usable_password():
            return redirect("account_reset_password")
        if not ratelimit.consume(request, action="reset_password", key=compte.email):
            return ratelimit.respond_429(request)
        actions.inviter(compte=compte, maintenant=timezone.now())
        return render(request, "comptes/local/lien_renvoye.html")
    except liens.LienRefuse as refus:
        return _lien_refuse(request, refus, secret)
    return redirect("comptes:activation", secret=secret)


def _lien_d_activation(secret: str) -> Lien:
    """Le lien, s’il peut servir à un compte encore actif."""
    lien = liens.lire(secret, usage=UsageLien.ACTIVATION, maintenant=timezone.now())
    if lien.compte is None or not lien.compte.is_active or lien.email != lien.compte.email:
        raise liens.LienInconnu(lien)
    return lien


def _lien_refuse(request: HttpRequest, refus: liens.LienRefuse, secret: str) -> HttpResponse:
    compte = refus.lien.compte if refus.lien else None
    contexte = {
        "message": refus.message,
        "secret": secret,
        "est_perime": isinstance(refus, liens.LienPerime),
        "est_active": bool(compte and compte.has_usable_password()),
    }
    return render(request, "comptes/local/lien_refuse.html", contexte, status=410)


def _entrer(request: HttpRequest, compte: Compte) -> HttpResponse:
    """Ouvre la session comme une connexion : un second facteur déjà posé reste demandé."""
    record_authentication(request, compte, method=ACTIVATION)
    messages.success(request, "Votre compte est activé.")
    return perform_login(request, Login(user=compte, email=compte.email))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("mot_de_passe")
def identifiants(request: HttpRequest) -> HttpResponse:
    """« Vos identifiants de connexion » (U-21)."""
    compte = _compte(request)
    form = AdresseForm(request.POST or None, compte=compte)
    if form.is_valid():
        adresse = form.cleaned_data["adresse"]
        if not ratelimit.consume(request, action="change_password", user=compte):
            return ratelimit.respond_429(request)
        try:
            actions.demander_adresse(compte=compte, adresse=adresse, maintenant=timezone.now())
        except actions.AdressePrise as prise:
            form.add_error("adresse", str(prise))
        else:
            messages.info(request, CONFIRMATION_ENVOYEE.format(adresse=adresse))
            return redirect("comptes:identifiants")
    contexte = {
        "form": form,
        "compte": compte,
        "a_un_mot_de_passe": compte.has_usable_password(),
        "expire_le": mots_de_passe.expire_le(compte),
        "a_un_second_facteur": is_mfa_enabled(compte, [Authenticator.Type.TOTP]),
        "par_secours": secours.concerne(compte),
    }
    return render(request, "comptes/local/identifiants.html", contexte)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def adresse_confirmer(request: HttpRequest, secret: str) -> HttpResponse:
    """Le lien reçu à la nouvelle adresse. Un bouton confirme : les messageries ouvrent les liens d’avance."""
    maintenant = timezone.now()
    try:
        lien = liens.lire(secret, usage=UsageLien.CHANGEMENT_EMAIL, maintenant=maintenant)
        if lien.compte is None or not lien.compte.is_active:
            raise liens.LienInconnu(lien)
        if request.method == "POST":
            actions.changer_adresse(lien=lien, maintenant=maintenant)
            messages.success(request, "Merci, votre nouvel email a bien été enregistré.")
            connecte = not isinstance(request.user, AnonymousUser)
            return redirect("comptes:identifiants" if connecte else "comptes:connexion")
    except liens.LienRefuse as refus:
        contexte = {"message": refus.message, "secret": "", "est_perime": False, "est_active": False}
        return render(request, "comptes/local/lien_refuse.html", contexte, status=410)
    except actions.AdressePrise as prise:
        contexte = {"message": str(prise), "secret": "", "est_perime": False, "est_active": False}
        return render(request, "comptes/local/lien_refuse.html", contexte, status=409)
    return render(request, "comptes/local/adresse_confirmer.html", {"adresse": lien.email})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cgu(request: HttpRequest) -> HttpResponse:
    """Les conditions en vigueur, lisibles de tous ; une personne connectée les accepte ici."""
    maintenant = timezone.now()
    version = conditions.en_vigueur(maintenant)
    if version is None:
        raise Http404
    suite = chemin_d_ici(request, request.GET.get("next"))
    reste_a_accepter = isinstance(request.user, Compte) and bool(
        conditions.a_accepter(request.user, maintenant=maintenant)
    )
    erreur = False
    if request.method == "POST" and isinstance(request.user, Compte):
        # La version lue, et non la dernière : une nouvelle a pu paraître depuis l’ouverture de la page.
        if request.POST.get("accepte") == "on" and request.POST.get("version") == version.numero:
            conditions.accepter(compte=request.user, version=version, maintenant=maintenant)
            return redirect(suite or page_d_arrivee(request.user))
        erreur = True
    contexte = {"version": version, "suite": suite, "reste_a_accepter": reste_a_accepter, "erreur": erreur}
    return render(request, "comptes/local/cgu.html", contexte)


@never_cache
@require_safe
def secours_refuse(request: HttpRequest, motif: str) -> HttpResponse:
    """Pourquoi un bon mot de passe n’a pas suffi."""
    if motif not in REFUS_SECOURS:
        raise Http404
    contexte = {"motif": motif, "titre": REFUS_SECOURS[motif]}
    return render(request, "comptes/local/secours_refuse.html", contexte, status=403)


def _compte(request: HttpRequest) -> Compte:
    assert isinstance(
        request.user, Compte
    )  # la table des droits n’ouvre ces routes qu’à une personne connectée
    return request.user


def avec_second_facteur(vue: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Sans second facteur, les pages qui le gèrent ramènent à celle qui le propose."""

    @wraps(vue)
    def gardee(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_mfa_enabled(_compte(request), [Authenticator.Type.TOTP]):
            return redirect("comptes:identifiants")
        return vue(request, *args, **kwargs)

    return gardee


@require_safe
def retour_aux_identifiants(request: HttpRequest) -> HttpResponse:
    """`mfa_index` de la bibliothèque : chez nous, tout est sur une page."""
    return redirect("comptes:identifiants")
