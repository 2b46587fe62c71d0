"""Créer des comptes par un fichier : modèle, relecture sans rien écrire, confirmation."""

from __future__ import annotations

from django.contrib import messages as bandeaux
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annuaire.gestion import actions
from annuaire.gestion.fichiers import COLONNES
from annuaire.gestion.forms import Cadre, ConfirmationForm, FichierForm
from annuaire.gestion.lot import LigneRelue, relire
from annuaire.gestion.views.communs import acteur_de
from comptes.enums import Role
from sas_platform.socle.tableurs import en_csv

EXEMPLES = (
    ("camille.exemple@exemple.invalid", Role.OSNP.label, "EXEMPLE", "Camille", "", "", "{}", "", "", "", ""),
    ("dr.exemple@exemple.invalid", Role.EFFECTEUR.label, "", "", "10000000001", "", "", "", "", "", ""),
)


@never_cache
@require_safe
def modele(request: HttpRequest) -> HttpResponse:
    cadre = Cadre.de(acteur_de(request), instant=timezone.now())
    territoire = cadre.territoires[0][1] if cadre.territoires else "Nom du territoire"
    lignes = [[cellule.format(territoire) for cellule in exemple] for exemple in EXEMPLES]
    reponse = HttpResponse(en_csv(COLONNES, lignes), content_type="text/csv; charset=utf-8")
    reponse["Content-Disposition"] = 'attachment; filename="modele-comptes.csv"'
    return reponse


@never_cache
@require_http_methods(["GET", "POST"])
def importer(request: HttpRequest) -> HttpResponse:
    """Le POST relit le fichier et montre ce qui serait créé ; rien ne s’écrit."""
    cadre = Cadre.de(acteur_de(request), instant=timezone.now())
    form = (
        FichierForm(request.POST or None, request.FILES or None)
        if request.method == "POST"
        else FichierForm()
    )
    if form.is_bound and form.is_valid():
        return _montrer(request, relire(form.lignes, cadre), form.texte)
    contexte = {"form": form, "colonnes": COLONNES, "roles": cadre.accordables}
    return render(request, "gestion/importer.html", contexte)


@never_cache
@require_POST
def confirmer(request: HttpRequest) -> HttpResponse:
    """Relit tout, puis crée tout ou rien."""
    acteur, maintenant = acteur_de(request), timezone.now()
    form = ConfirmationForm(request.POST)
    if not form.is_valid():
        bandeaux.error(request, "Le fichier n’a pas pu être relu : envoyez-le de nouveau.")
        return redirect("gestion:importer")
    relues = relire(form.lignes, Cadre.de(acteur, instant=maintenant))
    saisies = [relue.saisie for relue in relues if relue.saisie is not None]
    if len(saisies) < len(relues):
        return _montrer(request, relues, form.cleaned_data["contenu"])
    try:
        comptes = actions.creer_tous(acteur=acteur, saisies=saisies, maintenant=maintenant)
    except actions.LotRefuse as refus:
        relues[refus.rang].refuser(refus)
        return _montrer(request, relues, form.cleaned_data["contenu"])
    pluriel = "s" if len(comptes) > 1 else ""
    bandeaux.success(
        request,
        f"{len(comptes)} compte{pluriel} enregistré{pluriel}. Les courriels de bienvenue partent.",
    )
    return redirect("gestion:liste")


def _montrer(request: HttpRequest, relues: list[LigneRelue], texte: str) -> HttpResponse:
    fautives = [relue for relue in relues if relue.erreurs]
    contexte = {
        "relues": relues,
        "fautives": fautives,
        "form": ConfirmationForm(initial={"contenu": texte}),
    }
    return render(request, "gestion/relecture.html", contexte)
