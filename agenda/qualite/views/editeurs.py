"""Les éditeurs, vus du support et de l’administrateur."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from agenda.editeurs.explication import expliquer
from agenda.enums import RegleAppariement
from agenda.models import AgendaEditeur, Editeur, LienEditeur
from agenda.qualite import actions
from agenda.qualite.fiche import fiche
from agenda.qualite.forms import ProfessionnelForm, ReglagesForm, ServiceForm
from agenda.qualite.lectures import tableaux
from comptes.requetes import RequeteDeCompte

PAR_PAGE = 25


@never_cache
@require_safe
def liste(request: RequeteDeCompte) -> HttpResponse:
    lignes = tableaux(Editeur.objects.all(), timezone.now())
    return render(request, "qualite/liste.html", {"tableaux": lignes})


@never_cache
@require_safe
def editeur(request: RequeteDeCompte, editeur_id: int) -> HttpResponse:
    maintenant = timezone.now()
    vu = get_object_or_404(Editeur, pk=editeur_id)
    (tableau,) = tableaux(Editeur.objects.filter(pk=vu.pk), maintenant)
    contexte = {
        "tableau": tableau,
        "fiche": fiche(vu, maintenant),
        "lien": LienEditeur.objects.filter(editeur=vu, revoque_le=None).select_related("cree_par").first(),
    }
    return render(request, "qualite/editeur.html", contexte)


@never_cache
@require_safe
def lieux(request: RequeteDeCompte, editeur_id: int) -> HttpResponse:
    """Comment chaque lieu d’un professionnel a été reconnu ; sans recherche, les lieux nés de l’éditeur."""
    vu = get_object_or_404(Editeur, pk=editeur_id)
    form = ProfessionnelForm(request.GET)
    identifiant = form.identifiant()
    agendas = AgendaEditeur.objects.filter(raccordement__editeur=vu)
    if form.cleaned_data.get("q"):
        agendas = agendas.filter(raccordement__effecteur__identifiant_national=identifiant)
    else:
        agendas = agendas.filter(appariement__contains=[{"regle": RegleAppariement.CREATION.value}])
    page = Paginator(agendas.order_by("pk"), PAR_PAGE).get_page(request.GET.get("page"))
    choisis = AgendaEditeur.objects.filter(pk__in=[agenda.pk for agenda in page])
    contexte = {
        "editeur": vu,
        "cherche": form.cleaned_data.get("q", ""),
        "illisible": bool(form.cleaned_data.get("q")) and not identifiant,
        "page": page,
        "appariements": expliquer(choisis),
    }
    return render(request, "qualite/lieux.html", contexte)


@never_cache
@require_http_methods(["GET", "POST"])
def service(request: RequeteDeCompte, editeur_id: int) -> HttpResponse:
    """Arrêter un éditeur en service, reprendre un éditeur arrêté ; l’état visé vient de l’écran."""
    vu = get_object_or_404(Editeur, pk=editeur_id)
    form = ServiceForm(request.POST or None)
    if form.is_valid():
        motif = form.cleaned_data["motif"]
        try:
            if request.POST.get("geste") == "reprendre":
                actions.reprendre(editeur=vu, motif=motif, acteur=request.user)
                messages.success(
                    request, f"{vu.nom} est de nouveau en service\u00a0: il est interrogé aussitôt."
                )
            else:
                actions.arreter(editeur=vu, motif=motif, acteur=request.user, maintenant=timezone.now())
                messages.success(request, f"{vu.nom} est arrêté\u00a0: ses créneaux quittent la recherche.")
        except actions.GesteRefuse as refus:
            messages.error(request, str(refus))
        return redirect("qualite:editeur", editeur_id=vu.pk)
    return render(request, "qualite/service.html", {"form": form, "editeur": vu})


@never_cache
@require_http_methods(["GET", "POST"])
def reglages(request: RequeteDeCompte, editeur_id: int) -> HttpResponse:
    vu = get_object_or_404(Editeur, pk=editeur_id)
    form = ReglagesForm(request.POST or None, editeur=vu, http_admis=not settings.EST_EN_LIGNE)
    if form.is_valid():
        try:
            changes = actions.regler(
                editeur=vu, saisie=form.cleaned_data, vu_le=form.cleaned_data["vu_le"], acteur=request.user
            )
        except actions.GesteRefuse as refus:
            form.add_error(None, str(refus))
        else:
            messages.success(request, "Les réglages sont enregistrés." if changes else "Rien n’a changé.")
            return redirect("qualite:editeur", editeur_id=vu.pk)
    return render(request, "qualite/reglages.html", {"form": form, "editeur": vu})
