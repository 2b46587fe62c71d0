"""Ouvrir les disponibilités d’un centre ou d’une CPTS par un fichier : modèle, relecture, confirmation, retour."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agenda.echanges import planning as actions
from agenda.echanges.classeur import TYPE_ODS, en_ods
from agenda.echanges.fichiers import COLONNES
from agenda.echanges.forms import PlanningForm
from agenda.echanges.lot import Lot, relire
from agenda.models import ImportPlanning
from agenda.pages.acces import lieux_tenus
from agenda.saisie.journal import RetourImpossible
from comptes.requetes import RequeteDeCompte
from sas_platform.socle.tableurs import en_csv

LIEUX_DU_MODELE = 500
FAUTES_MONTREES = 200
EXEMPLE = ("lundi, jeudi", "9:00", "12:00", "créneau", "", "cabinet", "20", "", "", "1")


@never_cache
@require_safe
def modele(request: RequeteDeCompte, format_voulu: str) -> HttpResponse:
    """Une ligne par lieu dont la personne tient l’agenda, la première remplie en exemple ; en CSV ou en ODS."""
    maintenant = timezone.now()
    lieux = lieux_tenus(request.user, maintenant).filter(est_actif=True).order_by("adresse", "pk")
    lignes = [
        [lieu.pk, f"{lieu.effecteur or lieu.structure}, {lieu.adresse_complete}", *([""] * len(EXEMPLE))]
        for lieu in lieux[:LIEUX_DU_MODELE]
    ]
    if lignes:
        lignes[0][2:] = EXEMPLE
    if format_voulu == "ods":
        reponse = HttpResponse(en_ods(COLONNES, lignes), content_type=TYPE_ODS)
    else:
        reponse = HttpResponse(en_csv(COLONNES, lignes), content_type="text/csv; charset=utf-8")
    reponse["Content-Disposition"] = f'attachment; filename="modele-planning.{format_voulu}"'
    return reponse


@never_cache
@require_http_methods(["GET", "POST"])
def envoyer(request: RequeteDeCompte) -> HttpResponse:
    """Le POST relit le fichier ; sans faute, il attend d’être confirmé."""
    maintenant = timezone.now()
    form = PlanningForm(request.POST, request.FILES) if request.method == "POST" else PlanningForm()
    if form.is_bound and form.is_valid():
        tenus = lieux_tenus(request.user, maintenant)
        lot = relire(form.lignes, tenus=tenus, maintenant=maintenant)
        if lot.fautives:
            return _montrer_les_fautes(request, lot, form.cleaned_data["fichier"].name)
        garde = actions.garder(
            lot=lot,
            lignes=form.lignes,
            nom=form.cleaned_data["fichier"].name,
            auteur=request.user,
            maintenant=maintenant,
        )
        return redirect("echanges:planning_relu", planning_id=garde.pk)
    contexte = {"form": form, "imports": _imports(request, maintenant), "colonnes": COLONNES}
    return render(request, "echanges/planning.html", contexte)


@never_cache
@require_safe
def relu(request: RequeteDeCompte, planning_id: int) -> HttpResponse:
    maintenant = timezone.now()
    garde = _le_sien(request, planning_id)
    if garde.fait_le is not None:
        return redirect("echanges:planning")
    lot = actions.relire_garde(garde, tenus=lieux_tenus(request.user, maintenant), maintenant=maintenant)
    if lot.fautives:
        return _montrer_les_fautes(request, lot, garde.nom)
    lignes = Counter(ligne.lieu for ligne in lot.lignes)
    contexte = {
        "planning": garde,
        "lot": lot,
        "a_ouvrir": lot.a_ouvrir,
        "lieux": sorted(lignes.items(), key=lambda paire: str(paire[0])),
    }
    return render(request, "echanges/planning_relu.html", contexte)


@require_POST
def confirmer(request: RequeteDeCompte, planning_id: int) -> HttpResponse:
    maintenant = timezone.now()
    garde = _le_sien(request, planning_id)
    try:
        nombre = actions.importer(
            planning=garde,
            tenus=lieux_tenus(request.user, maintenant),
            auteur=request.user,
            maintenant=maintenant,
        )
    except actions.PlanningACorriger as refus:
        return _montrer_les_fautes(request, refus.lot, garde.nom)
    except actions.ImportPerime as refus:
        messages.error(request, str(refus))
    else:
        messages.success(request, f"{nombre} disponibilité{'s ouvertes' if nombre > 1 else ' ouverte'}.")
    return redirect("echanges:planning")


@require_POST
def annuler(request: RequeteDeCompte, planning_id: int) -> HttpResponse:
    maintenant = timezone.now()
    try:
        actions.annuler(
            planning=_le_sien(request, planning_id),
            tenus=lieux_tenus(request.user, maintenant),
            auteur=request.user,
            maintenant=maintenant,
        )
    except RetourImpossible as refus:
        messages.error(request, f"{refus} Rien n’a été défait.")
    else:
        messages.success(request, "L’import est annulé\u00a0: les agendas sont comme avant lui.")
    return redirect("echanges:planning")


def _le_sien(request: RequeteDeCompte, planning_id: int) -> ImportPlanning:
    return get_object_or_404(ImportPlanning, pk=planning_id, auteur=request.user)


def _imports(
    request: RequeteDeCompte, maintenant: datetime
) -> list[tuple[ImportPlanning, datetime | None, bool]]:
    """Les derniers imports de la personne, quand ils ont été défaits, et s’ils se défont encore."""
    faits = ImportPlanning.objects.filter(auteur=request.user, fait_le__isnull=False).defer("lignes")
    derniers = list(faits.order_by("-fait_le", "-pk")[:5])
    retours = actions.retours(derniers, maintenant)
    return [(fait, *retours[fait.pk]) for fait in derniers]


def _montrer_les_fautes(request: RequeteDeCompte, lot: Lot, nom: str) -> HttpResponse:
    fautives = lot.fautives
    contexte = {
        "nom": nom,
        "lignes": len(lot.lignes),
        "fautives": fautives[:FAUTES_MONTREES],
        "nombre": len(fautives),
        "tues": max(0, len(fautives) - FAUTES_MONTREES),
        "form": PlanningForm(),
    }
    return render(request, "echanges/planning_fautes.html", contexte)
