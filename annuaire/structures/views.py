"""L’espace du gestionnaire de structure (B-10) : ses structures, leurs membres, leur zone, leurs points fixes."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annuaire.domaine.identifiants import est_rpps
from annuaire.enums import TypeStructure
from annuaire.lectures import chercher_noms
from annuaire.lectures.noms import EFFECTEUR
from annuaire.models import Effecteur, LieuExercice, Structure
from annuaire.structures import actions, lectures
from annuaire.structures.actions import StructureRefusee
from annuaire.structures.forms import (
    EffecteurCherche,
    InformationsForm,
    MembresForm,
    PointFixeForm,
    StructureForm,
    TexteForm,
    ZoneForm,
)
from annuaire.structures.lectures import A_POINTS_FIXES
from comptes.requetes import RequeteDeCompte

PAR_PAGE = 20


def _geree(request: RequeteDeCompte, structure_id: int) -> Structure:
    """La structure, si cette personne la gère ; sinon elle n’existe pas."""
    gerees = lectures.gerees_par(request.user, instant=timezone.now())
    return get_object_or_404(gerees.select_related("commune"), pk=structure_id)


@never_cache
@require_safe
def liste(request: RequeteDeCompte) -> HttpResponse:
    maintenant = timezone.now()
    form = TexteForm(request.GET)
    gerees = lectures.gerees_par(request.user, instant=maintenant)
    texte = form.cleaned_data["q"] if form.is_valid() else ""
    if texte:
        gerees = lectures.repondant(gerees, texte)
    page = Paginator(lectures.pour_liste(gerees, instant=maintenant), PAR_PAGE).get_page(
        request.GET.get("page")
    )
    return render(request, "structures/liste.html", {"structures": page, "texte": texte})


@never_cache
@require_safe
def structure(request: RequeteDeCompte, structure_id: int) -> HttpResponse:
    vue = _geree(request, structure_id)
    zone = lectures.zone_de(vue) if vue.type == TypeStructure.CPTS else []
    contexte = {
        "structure": vue,
        "est_cpts": vue.type == TypeStructure.CPTS,
        "membres": lectures.membres_de(vue, instant=timezone.now()),
        "zone": zone,
        "a_points_fixes": vue.type in A_POINTS_FIXES,
        "points_fixes": lectures.points_fixes_de(vue),
    }
    return render(request, "structures/structure.html", contexte)


@never_cache
@require_http_methods(["GET", "POST"])
def creer(request: RequeteDeCompte) -> HttpResponse:
    form = StructureForm(request.POST or None)
    if form.is_valid():
        try:
            creee = actions.creer(saisie=form.cleaned_data, acteur=request.user)
        except StructureRefusee as refus:
            form.add_error(refus.champ, str(refus))
        else:
            messages.success(request, "La structure est créée.")
            return redirect("structures:structure", structure_id=creee.pk)
    return render(request, "structures/creer.html", {"form": form})


@never_cache
@require_http_methods(["GET", "POST"])
def informations(request: RequeteDeCompte, structure_id: int) -> HttpResponse:
    vue = _geree(request, structure_id)
    form = InformationsForm(request.POST or None, structure=vue)
    if form.is_valid():
        saisie = form.cleaned_data
        try:
            actions.changer_informations(
                structure=vue, texte=saisie["texte"], vu=saisie["vu"], acteur=request.user
            )
        except StructureRefusee as refus:
            form.add_error(refus.champ, str(refus))
        else:
            messages.success(request, "Les informations sont enregistrées.")
            return redirect("structures:structure", structure_id=vue.pk)
    return render(request, "structures/informations.html", {"form": form, "structure": vue})


@never_cache
@require_http_methods(["GET", "POST"])
def zone(request: RequeteDeCompte, structure_id: int) -> HttpResponse:
    vue = _geree(request, structure_id)
    if vue.type != TypeStructure.CPTS:
        raise Http404
    form = ZoneForm(request.POST or None, zone=lectures.zone_de(vue))
    if form.is_valid():
        try:
            actions.changer_zone(
                structure=vue, communes=form.zone(), vu=form.cleaned_data["vu"], acteur=request.user
            )
        except StructureRefusee as refus:
            form.add_error(refus.champ, str(refus))
        else:
            messages.success(request, "La zone d’intervention est enregistrée.")
            return redirect("structures:structure", structure_id=vue.pk)
    return render(request, "structures/zone.html", {"form": form, "structure": vue})


@never_cache
@require_safe
def chercher_membre(request: RequeteDeCompte, structure_id: int) -> HttpResponse:
    vue = _geree(request, structure_id)
    form = EffecteurCherche(request.GET if "q" in request.GET else None)
    trouves = _effecteurs(form.cleaned_data["q"]) if form.is_valid() else []
    contexte = {"form": form, "structure": vue, "trouves": trouves, "a_cherche": form.is_bound}
    return render(request, "structures/chercher_membre.html", contexte)


def _effecteurs(texte: str) -> list[Effecteur]:
    numero = "".join(texte.split())
    actifs = Effecteur.objects.filter(est_actif=True).select_related("profession")
    if est_rpps(numero):
        return list(actifs.filter(identifiant_national=f"8{numero}"))
    rangs = {nom.id: rang for rang, nom in enumerate(chercher_noms(texte, 20)) if nom.genre == EFFECTEUR}
    return sorted(actifs.filter(pk__in=rangs), key=lambda effecteur: rangs[effecteur.pk])


@never_cache
@require_http_methods(["GET", "POST"])
def rattacher(request: RequeteDeCompte, structure_id: int, effecteur_id: int) -> HttpResponse:
    maintenant = timezone.now()
    vue = _geree(request, structure_id)
    effecteur = get_object_or_404(Effecteur, pk=effecteur_id, est_actif=True)
    lieux = lectures.lieux_rattachables(effecteur, vue, instant=maintenant)
    form = MembresForm(request.POST or None, lieux=lieux)
    if form.is_valid():
        try:
            actions.proposer_rattachements(
                structure=vue,
                lieux=list(form.cleaned_data["lieux"]),
                acteur=request.user,
                maintenant=maintenant,
            )
        except StructureRefusee as refus:
            form.add_error(refus.champ, str(refus))
        else:
            messages.success(
                request, f"La proposition est faite : {effecteur} l’acceptera depuis « Mon compte »."
            )
            return redirect("structures:structure", structure_id=vue.pk)
    contexte = {"form": form, "structure": vue, "effecteur": effecteur, "lieux": lieux}
    return render(request, "structures/rattacher.html", contexte)


@require_POST
def terminer_rattachement(request: RequeteDeCompte, structure_id: int, rattachement_id: int) -> HttpResponse:
    maintenant = timezone.now()
    vue = _geree(request, structure_id)
    vise = get_object_or_404(lectures.membres_de(vue, instant=maintenant), pk=rattachement_id)
    try:
        actions.terminer_rattachement(rattachement=vise, acteur=request.user, maintenant=maintenant)
    except StructureRefusee as refus:
        messages.error(request, str(refus))
    else:
        messages.success(request, "Ce lieu n’est plus rattaché à la structure.")
    return redirect("structures:structure", structure_id=vue.pk)


@never_cache
@require_http_methods(["GET", "POST"])
def ajouter_point_fixe(request: RequeteDeCompte, structure_id: int) -> HttpResponse:
    return _enregistrer_point_fixe(request, _a_points_fixes(request, structure_id), None)


@never_cache
@require_http_methods(["GET", "POST"])
def modifier_point_fixe(request: RequeteDeCompte, structure_id: int, lieu_id: int) -> HttpResponse:
    vue = _a_points_fixes(request, structure_id)
    lieu = get_object_or_404(lectures.points_fixes_de(vue), pk=lieu_id)
    return _enregistrer_point_fixe(request, vue, lieu)


def _a_points_fixes(request: RequeteDeCompte, structure_id: int) -> Structure:
    vue = _geree(request, structure_id)
    if vue.type not in A_POINTS_FIXES:
        raise Http404
    return vue


def _enregistrer_point_fixe(
    request: RequeteDeCompte, vue: Structure, lieu: LieuExercice | None
) -> HttpResponse:
    form = PointFixeForm(request.POST or None, lieu=lieu)
    if form.is_valid():
        actions.enregistrer_point_fixe(
            structure=vue, lieu=lieu, saisie=form.cleaned_data, acteur=request.user
        )
        messages.success(request, "Le point fixe est enregistré.")
        return redirect("structures:structure", structure_id=vue.pk)
    contexte = {"form": form, "structure": vue, "lieu": lieu}
    return render(request, "structures/point_fixe.html", contexte)


@require_POST
def activer_point_fixe(request: RequeteDeCompte, structure_id: int, lieu_id: int) -> HttpResponse:
    vue = _a_points_fixes(request, structure_id)
    lieu = get_object_or_404(lectures.points_fixes_de(vue), pk=lieu_id)
    actif = request.POST.get("actif") == "oui"
    actions.activer_point_fixe(lieu=lieu, actif=actif, acteur=request.user)
    messages.success(request, "Le point fixe est rouvert." if actif else "Le point fixe est fermé.")
    return redirect("structures:structure", structure_id=vue.pk)
