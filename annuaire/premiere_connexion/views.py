"""Pages de la première connexion, pour qui s’est identifié sans avoir de compte.

La session ne porte alors qu’une identité en attente (`comptes.preuve`) : personne
n’est connecté. Un lien ouvert ailleurs confirme l’adresse sans ouvrir de session.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annuaire.premiere_connexion import actions
from annuaire.premiere_connexion.forms import AdresseForm, CodeForm
from annuaire.premiere_connexion.lectures import USAGES, Situation, boites_a_ecrire, lien_en_cours, situation
from annuaire.premiere_connexion.limites import TropDEnvois
from comptes import echecs, liens
from comptes.actions import tracer
from comptes.connexion import apres_connexion, chemin_d_ici, entrer
from comptes.domaine.identite import Identite, relire
from comptes.models import Compte, Lien
from comptes.preuve import Preuve, en_attente

EMAIL = "premiere_connexion_email"

VueDAttente = Callable[[HttpRequest, Preuve], HttpResponse]


def _pour_qui_attend(vue: VueDAttente) -> Callable[[HttpRequest], HttpResponse]:
    """Donne à la vue l’identité en attente ; sans elle, il faut s’identifier de nouveau."""

    @wraps(vue)
    def verifiee(request: HttpRequest) -> HttpResponse:
        preuve = en_attente(request.session, maintenant=timezone.now())
        if preuve is None:
            return echecs.montrer(request, echecs.EtatPerime(sans_demande=True))
        return vue(request, preuve)

    return verifiee


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@_pour_qui_attend
def saisie(request: HttpRequest, preuve: Preuve) -> HttpResponse:
    formulaire = AdresseForm(request.POST or None, initial={"email": request.session.get(EMAIL, "")})
    if request.method == "POST" and formulaire.is_valid():
        email = formulaire.cleaned_data["email"]
        try:
            actions.demander(preuve.identite, email, maintenant=timezone.now())
        except TropDEnvois as refus:
            formulaire.add_error("email", refus.message)
        else:
            request.session[EMAIL] = email
            return redirect("premiere_connexion:courriel")
    contexte = {"identite": preuve.identite, "formulaire": formulaire}
    return render(request, "premiere_connexion/saisie.html", contexte)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@_pour_qui_attend
def courriel(request: HttpRequest, preuve: Preuve) -> HttpResponse:
    """« Un courriel vous a été envoyé » : le même écran, que l’adresse soit connue ou non."""
    email = request.session.get(EMAIL)
    if email is None:
        return redirect("premiere_connexion:saisie")
    formulaire = CodeForm(request.POST or None)
    if request.method == "POST" and formulaire.is_valid():
        maintenant = timezone.now()
        attendu = lien_en_cours(preuve.identite, email, maintenant=maintenant)
        try:
            if attendu is None:
                raise liens.LienPerime
            lu = liens.lire_code(attendu.pk, formulaire.cleaned_data["code"], maintenant=maintenant)
            return _entrer(request, actions.confirmer(lu, maintenant=maintenant), preuve)
        except liens.CodeFaux as refus:
            formulaire.add_error("code", refus.message)
        except liens.LienPerime:
            formulaire.add_error(
                "code", "Ce code n’est plus valable. Demandez un nouveau courriel ci-dessous."
            )
        except actions.RefusDeCompte as refus:
            return _refus(request, refus, preuve.identite)
    contexte = {
        "identite": preuve.identite,
        "email": email,
        "formulaire": formulaire,
        "duree_min": settings.LIEN_DUREE_MIN,
        "peut_creer": situation(preuve.identite) is Situation.EFFECTEUR,
    }
    return render(request, "premiere_connexion/courriel.html", contexte)


@never_cache
@require_POST
@_pour_qui_attend
def renvoyer(request: HttpRequest, preuve: Preuve) -> HttpResponse:
    email = request.session.get(EMAIL)
    if email is None:
        return redirect("premiere_connexion:saisie")
    try:
        if actions.demander(preuve.identite, email, maintenant=timezone.now()):
            messages.success(
                request, "Un nouveau courriel vous a été envoyé ; le précédent n’est plus valable."
            )
        else:
            messages.info(request, "Un courriel vient de partir : laissez-lui quelques secondes.")
    except TropDEnvois as refus:
        messages.error(request, refus.message)
    return redirect("premiere_connexion:courriel")


@never_cache
@require_POST
@_pour_qui_attend
def continuer(request: HttpRequest, preuve: Preuve) -> HttpResponse:
    """Le lien a été ouvert ailleurs : le compte porte maintenant l’identité de cette fenêtre."""
    numero = preuve.identite.identifiant_national
    compte = Compte.objects.filter(identifiant_national=numero, is_active=True).first()
    if compte is not None:
        return _entrer(request, compte, preuve)
    messages.warning(
        request, "Votre adresse n’est pas encore confirmée : ouvrez le lien reçu, ou tapez le code."
    )
    return redirect("premiere_connexion:courriel")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def lien(request: HttpRequest, secret: str) -> HttpResponse:
    """Lien reçu par courriel. L’ouvrir ne fait rien : les messageries l’ouvrent d’elles-mêmes pour l’examiner."""
    maintenant = timezone.now()
    preuve = en_attente(request.session, maintenant=maintenant)
    try:
        lu = liens.lire(secret, usage=USAGES, maintenant=maintenant)
        identite = relire(lu.identite)
        if request.method != "POST":
            autre_nom = actions.nom_different(identite, lu.compte)
            contexte = {"lien": lu, "identite": identite, "autre_nom": autre_nom}
            return render(request, "premiere_connexion/lien.html", contexte)
        compte = actions.confirmer(lu, maintenant=maintenant)
    except liens.LienRefuse as refus:
        return _lien_refuse(request, refus, preuve)
    except actions.RefusDeCompte as refus:
        return _refus(request, refus, identite)
    if preuve is not None and preuve.identite.identifiant_national == identite.identifiant_national:
        return _entrer(request, compte, preuve)
    return render(request, "premiere_connexion/confirmee.html", {"identite": identite})


@never_cache
@require_safe
def sans_habilitation(request: HttpRequest) -> HttpResponse:
    maintenant = timezone.now()
    preuve = en_attente(request.session, maintenant=maintenant)
    contexte = {
        "identite": preuve.identite if preuve else None,
        "raison": situation(preuve.identite).label if preuve else "",
        "territoires": boites_a_ecrire(preuve.identite, maintenant=maintenant) if preuve else [],
    }
    return render(request, "premiere_connexion/sans_habilitation.html", contexte)


def _entrer(request: HttpRequest, compte: Compte, preuve: Preuve) -> HttpResponse:
    suite = chemin_d_ici(request, request.session.get("oidc_login_next"))
    if not compte.is_active:
        return echecs.montrer(request, echecs.CompteDesactive(preuve.identite, compte))
    request.session.pop(EMAIL, None)
    entrer(request, compte, preuve)
    return redirect(apres_connexion(request, compte, suite))


def _lien_refuse(request: HttpRequest, refus: liens.LienRefuse, preuve: Preuve | None) -> HttpResponse:
    """Un lien déjà suivi n’est pas une impasse : qui attend ici peut continuer, ou redemander un courriel."""
    attend = preuve is not None and _est_le_sien(refus.lien, preuve.identite)
    deja_servi = bool(refus.lien and refus.lien.consomme_le)
    contexte = {"refus": refus, "attend": attend, "deja_servi": deja_servi}
    etat = 410 if isinstance(refus, liens.LienPerime) else 404
    return render(request, "premiere_connexion/lien_refuse.html", contexte, status=etat)


def _est_le_sien(refuse: Lien | None, identite: Identite) -> bool:
    return (
        refuse is not None and relire(refuse.identite).identifiant_national == identite.identifiant_national
    )


def _refus(request: HttpRequest, refus: actions.RefusDeCompte, identite: Identite) -> HttpResponse:
    numero = identite.identifiant_national
    tracer(
        acteur=None,
        verbe="connexion_refusee",
        objet="compte:inconnu",
        motif=refus.motif,
        identifiant_national=numero,
    )
    return render(request, "premiere_connexion/refus.html", {"refus": refus}, status=409)
