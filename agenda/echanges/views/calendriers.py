"""Les liens par lesquels un logiciel de calendrier lit l’agenda ; la page qui les donne, l’adresse qui y répond."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agenda.echanges import liens
from agenda.echanges.forms import LienForm
from agenda.echanges.sortie import calendrier
from agenda.models import LienCalendrier
from agenda.pages.acces import lieux_tenus, tracer_la_lecture
from annuaire.models import LieuExercice
from comptes.models import Compte
from comptes.requetes import RequeteDeCompte

LIEUX_MAX = 100


@never_cache
@require_http_methods(["GET", "POST"])
def mes_liens(request: RequeteDeCompte) -> HttpResponse:
    """POST crée un lien, ou le renouvelle ; son adresse ne se montre que dans cette réponse."""
    maintenant = timezone.now()
    lieux = _lieux(request.user, maintenant)
    form = LienForm(request.POST, lieux=lieux) if request.method == "POST" else LienForm(lieux=lieux)
    adresse = ""
    if form.is_bound and form.is_valid():
        secret = liens.creer(compte=request.user, lieu=form.cleaned_data["lieu"], maintenant=maintenant)
        adresse = settings.URL_PUBLIQUE + reverse("echanges:calendrier", kwargs={"secret": secret})
        form = LienForm(lieux=lieux)
    ouverts = LienCalendrier.objects.filter(compte=request.user, revoque_le=None)
    contexte = {
        "form": form,
        "adresse": adresse,
        "liens": ouverts.select_related("lieu__commune").order_by("-cree_le", "-pk"),
    }
    return render(request, "echanges/liens.html", contexte)


@require_POST
def revoquer(request: RequeteDeCompte, lien_id: int) -> HttpResponse:
    lien = get_object_or_404(LienCalendrier, pk=lien_id, compte=request.user)
    liens.revoquer(lien=lien, auteur=request.user, maintenant=timezone.now())
    messages.success(request, "Ce lien est révoqué\u00a0: il n’ouvre plus rien.")
    return redirect("echanges:liens")


@require_safe
def lire(request: HttpRequest, secret: str) -> HttpResponse:
    """Sans session : le secret est la preuve. Les droits du compte se relisent à chaque fois."""
    maintenant = timezone.now()
    lien = liens.ouvrir(secret, maintenant=maintenant)
    if lien is None:
        raise Http404
    lieux = _lieux(lien.compte, maintenant)
    if lien.lieu_id is not None:
        lieux = [lieu for lieu in lieux if lieu.pk == lien.lieu_id]
        if not lieux:
            raise Http404
    tracer_la_lecture(lien.compte, lieux, maintenant)
    reponse = HttpResponse(
        calendrier(lieux, maintenant=maintenant), content_type="text/calendar; charset=utf-8"
    )
    reponse["Content-Disposition"] = 'inline; filename="agenda-sas.ics"'
    reponse["Cache-Control"] = "private, max-age=300"
    reponse["X-Robots-Tag"] = "noindex, nofollow"
    reponse["Referrer-Policy"] = "no-referrer"
    return reponse


def _lieux(compte: Compte, maintenant: datetime) -> list[LieuExercice]:
    """Lieux ouverts que ce compte tient ; les premiers seulement, pour qui tient la France entière."""
    ouverts = lieux_tenus(compte, maintenant).filter(est_actif=True)
    return list(ouverts.order_by("pk")[:LIEUX_MAX])
