"""Le fil d’un désaccord, du côté du professionnel : ouvrir, écrire, relire la réponse de la caisse, clore."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from comptes.requetes import RequeteDeCompte
from remuneration import contestations as fils
from remuneration.enums import EtatContestation
from remuneration.espace.acces import Beneficiaire, beneficiaire_ou_404, contestations_de
from remuneration.espace.forms import MessageForm
from remuneration.espace.lectures import caisse_de, periodes_de
from remuneration.models import Contestation

SANS_LIEU = (
    "L’annuaire ne connaît aucun lieu d’exercice à ce nom\u00a0: il n’est pas possible de savoir de quelle caisse "
    "il relève. Écrivez à l’assistance."
)


@never_cache
@require_http_methods(["GET", "POST"])
def ouvrir(request: RequeteDeCompte, qui: str, code: str) -> HttpResponse:
    maintenant = timezone.now()
    beneficiaire = beneficiaire_ou_404(request, qui, maintenant=maintenant)
    vue = next(iter(periodes_de(beneficiaire, code=code)), None)
    if vue is None or not vue.est_close:
        raise Http404
    if vue.contestation and vue.contestation.etat != EtatContestation.CLOSE:
        # Un second envoi du même formulaire retrouve le fil qu’a ouvert le premier.
        return redirect("ma_participation:contestation", contestation_id=vue.contestation.pk)
    caisse = caisse_de(beneficiaire, vue)
    form = MessageForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if caisse is None:
            form.add_error(None, SANS_LIEU)
        else:
            try:
                ouverte = fils.ouvrir(
                    periode=vue.periode,
                    departement=caisse,
                    texte=form.cleaned_data["texte"],
                    par=request.user,
                    maintenant=maintenant,
                    **beneficiaire.criteres(),
                )
            except fils.ContestationRefusee as refus:
                form.add_error(None, str(refus))
            else:
                messages.success(
                    request, "Votre contestation est ouverte. La caisse en est prévenue par courriel."
                )
                return redirect("ma_participation:contestation", contestation_id=ouverte.pk)
    contexte = {"beneficiaire": beneficiaire, "vue": vue, "caisse": caisse, "form": form}
    return render(request, "ma_participation/contester.html", contexte)


@never_cache
@require_http_methods(["GET", "POST"])
def contestation(request: RequeteDeCompte, contestation_id: int) -> HttpResponse:
    maintenant = timezone.now()
    miennes = contestations_de(request.user, maintenant=maintenant)
    ouverte = get_object_or_404(
        miennes.select_related("periode", "departement", "effecteur", "structure"), pk=contestation_id
    )
    form = MessageForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            fils.ecrire(
                ouverte,
                texte=form.cleaned_data["texte"],
                par=request.user,
                de_la_caisse=False,
                maintenant=maintenant,
            )
        except fils.ContestationRefusee as refus:
            form.add_error(None, f"{refus} Votre message n’est pas parti\u00a0; il est gardé ci-dessous.")
            ouverte.refresh_from_db(fields=["etat"])
            return _montrer(request, ouverte, form, status=409)
        messages.success(request, "Votre message est envoyé. La caisse en est prévenue par courriel.")
        return redirect("ma_participation:contestation", contestation_id=ouverte.pk)
    return _montrer(request, ouverte, form)


def _montrer(
    request: RequeteDeCompte, ouverte: Contestation, form: MessageForm, *, status: int = 200
) -> HttpResponse:
    contexte = {
        "contestation": ouverte,
        "beneficiaire": Beneficiaire(effecteur=ouverte.effecteur, structure=ouverte.structure),
        "fil": ouverte.messages.select_related("auteur").order_by("le", "pk"),
        "est_close": ouverte.etat == EtatContestation.CLOSE,
        "form": form,
    }
    return render(request, "ma_participation/contestation.html", contexte, status=status)


@never_cache
@require_POST
def clore(request: RequeteDeCompte, contestation_id: int) -> HttpResponse:
    maintenant = timezone.now()
    ouverte = get_object_or_404(contestations_de(request.user, maintenant=maintenant), pk=contestation_id)
    try:
        fils.clore(ouverte, par=request.user, de_la_caisse=False, maintenant=maintenant)
        messages.success(request, "La contestation est close. La caisse en est prévenue par courriel.")
    except fils.ContestationRefusee as refus:
        messages.info(request, str(refus))
    return redirect("ma_participation:contestation", contestation_id=ouverte.pk)
