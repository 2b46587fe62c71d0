"""Tenir une place pendant l’appel, et noter ce qu’il a donné."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from agenda import tenues
from agenda.actions import PlaceIndisponible
from agenda.lectures import occurrence_designee
from annuaire.models import LieuExercice
from comptes.models import Compte
from orientation import carnet
from orientation.actions import lieu_designe
from orientation.destinataires import lieu_du_creneau, territoire_du_regulateur
from orientation.enums import IssueAppel
from orientation.forms import EnSusForm, PageForm
from orientation.requetes import RequeteDeCompte
from orientation.suivi.appels import noter_appel
from orientation.suivi.forms import SANS_RAISON, AppelForm


@require_POST
@never_cache
def tenir(request: RequeteDeCompte, creneau_id: str) -> HttpResponse:
    maintenant = timezone.now()
    territoire = territoire_du_regulateur(request.user, lieu_du_creneau(creneau_id), maintenant=maintenant)
    try:
        tenues.tenir(compte=request.user, creneau_id=creneau_id, territoire=territoire, maintenant=maintenant)
    except PlaceIndisponible as refus:
        messages.error(request, str(refus))
    return _d_ou_l_on_vient(request, creneau_id)


@require_POST
@never_cache
def prolonger(request: RequeteDeCompte, creneau_id: str) -> HttpResponse:
    return _changer(request, creneau_id, lambda qui: tenues.prolonger(compte=qui, maintenant=timezone.now()))


@require_POST
@never_cache
def rendre(request: RequeteDeCompte, creneau_id: str) -> HttpResponse:
    return _changer(request, creneau_id, lambda qui: tenues.rendre(compte=qui, maintenant=timezone.now()))


@require_POST
@never_cache
def appel(request: RequeteDeCompte, lieu_id: str) -> HttpResponse:
    """Note l’appel ; en vain, on revient aux résultats, sinon à l’étape d’où l’on vient."""
    lieu = get_object_or_404(
        LieuExercice.objects.select_related("commune"), pk=lieu_designe(lieu_id), est_actif=True
    )
    form = AppelForm(request.POST)
    if not form.is_valid():
        messages.error(
            request, "L’appel n’est pas noté : choisissez ce qu’il a donné, et la raison d’un refus."
        )
        suite = {"appel": SANS_RAISON} if "motif" in form.errors else {}
        return _retour(request, form.data.get("creneau", ""), lieu.pk, **suite)
    lus = form.cleaned_data
    issue = IssueAppel(lus["issue"])
    noter_appel(acteur=request.user, lieu=lieu, issue=issue, motif=lus["motif"], maintenant=timezone.now())
    if issue == IssueAppel.ACCEPTE:
        messages.success(request, "Accord noté. Confirmez maintenant l’orientation.")
        return _retour(request, lus["creneau"], lieu.pk)
    messages.success(
        request, f"Appel noté : {issue.label.lower()}. Ce lieu passe après les autres aujourd’hui."
    )
    return _vers_les_resultats(request, lieu.pk)


def _changer(request: RequeteDeCompte, creneau_id: str, changer: Callable[[Compte], object]) -> HttpResponse:
    try:
        changer(request.user)
    except tenues.TenuePerdue as refus:
        messages.warning(request, str(refus))
    return _d_ou_l_on_vient(request, creneau_id)


def _d_ou_l_on_vient(request: RequeteDeCompte, creneau_id: str) -> HttpResponse:
    """La carte du lieu, à sa page, si le bouton était dans les résultats ; sinon l’étape de l’orientation."""
    page, lieu = PageForm(request.POST), lieu_du_creneau(creneau_id)
    if not request.POST.get("page") or lieu is None:
        return _vers_l_etape(request, reverse("orientation:orienter", args=[creneau_id]))
    return _vers_les_resultats(request, lieu.pk, page=page.numero())


def _retour(request: RequeteDeCompte, creneau_id: str, lieu_id: int, **suite: str) -> HttpResponse:
    """L’étape d’où l’on vient : celle du créneau, ou celle hors créneaux, qui n’en désigne aucun."""
    if occurrence_designee(creneau_id):
        return _vers_l_etape(request, reverse("orientation:orienter", args=[creneau_id]), **suite)
    choisis = {nom: request.POST[nom] for nom in EnSusForm.CHOIX if request.POST.get(nom)}
    return _vers_l_etape(
        request, reverse("orientation:orienter_en_sus", args=[f"l{lieu_id}"]), **choisis | suite
    )


def _vers_l_etape(request: RequeteDeCompte, url: str, **suite: str) -> HttpResponse:
    jeton = request.POST.get("recherche", "")
    if carnet.retrouver(request.session, jeton):
        suite = {"recherche": jeton} | suite
    return redirect(f"{url}?{urlencode(suite)}" if suite else url)


def _vers_les_resultats(request: RequeteDeCompte, lieu_id: int, *, page: int = 1) -> HttpResponse:
    jeton = request.POST.get("recherche", "")
    if carnet.retrouver(request.session, jeton) is None:
        return redirect("orientation:recherche")
    suite = f"?page={page}" if page > 1 else ""
    return redirect(f"{reverse('orientation:resultats', kwargs={'jeton': jeton})}{suite}#offre-l{lieu_id}")
