"""Territoires : les siens pour qui les gère ou les représente, tous pour l’administrateur."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annuaire.champs import champ, territoires_du
from annuaire.models import Territoire
from annuaire.territoires import actions, lectures
from annuaire.territoires.actions import ModifieEntreTemps
from annuaire.territoires.forms import RayonForm, TerritoireForm
from comptes.enums import Action, Role
from comptes.requetes import RequeteDeCompte


@never_cache
@require_safe
def liste(request: RequeteDeCompte) -> HttpResponse:
    maintenant = timezone.now()
    visibles = territoires_du(champ(request.user, Action.VOIR_TERRITOIRES, instant=maintenant))
    territoires = visibles.annotate(nombre_communes=Count("communes")).prefetch_related("departements")
    ouverts = Territoire.objects.operationnels(timezone.localdate(maintenant))
    contexte = {
        "territoires": territoires.order_by("nom", "pk"),
        "ouverts": set(ouverts.values_list("pk", flat=True)),
    }
    return render(request, "territoires/liste.html", contexte)


@never_cache
@require_safe
def territoire(request: RequeteDeCompte, territoire_id: int) -> HttpResponse:
    maintenant = timezone.now()
    visibles = territoires_du(champ(request.user, Action.VOIR_TERRITOIRES, instant=maintenant))
    vu = get_object_or_404(visibles, pk=territoire_id)
    seul = Territoire.objects.filter(pk=vu.pk)
    rayons = list(vu.rayons.select_related("decide_par").order_by("-debut_le", "-pk"))
    contexte = {
        "territoire": vu,
        "est_ouvert": seul.operationnels(timezone.localdate(maintenant)).exists(),
        "departements": vu.departements.order_by("code"),
        "nombre_communes": lectures.communes_de(seul).count(),
        "communes_nommees": vu.communes.count(),
        "gestionnaires": lectures.comptes_de(seul, Role.GESTIONNAIRE_COMPTES, instant=maintenant),
        "referents": lectures.comptes_de(seul, Role.REFERENT, instant=maintenant),
        "rayon": next((rayon for rayon in rayons if rayon.fin_le is None), None),
        "rayons_passes": [rayon for rayon in rayons if rayon.fin_le is not None],
        "recouvrant": lectures.recouvrant(vu),
    }
    return render(request, "territoires/territoire.html", contexte)


@never_cache
@require_http_methods(["GET", "POST"])
def creer(request: RequeteDeCompte) -> HttpResponse:
    return _enregistrer(request, None)


@never_cache
@require_http_methods(["GET", "POST"])
def modifier(request: RequeteDeCompte, territoire_id: int) -> HttpResponse:
    return _enregistrer(request, get_object_or_404(Territoire, pk=territoire_id))


def _enregistrer(request: RequeteDeCompte, ancien: Territoire | None) -> HttpResponse:
    form = TerritoireForm(request.POST or None, territoire=ancien)
    if form.is_valid():
        try:
            enregistre = actions.enregistrer(
                territoire=ancien,
                saisie=form.cleaned_data,
                acteur=request.user,
                vu_le=form.cleaned_data["vu_le"],
            )
        except ModifieEntreTemps as refus:
            form.add_error(None, str(refus))
        else:
            messages.success(request, "Le territoire est enregistré.")
            if voisins := lectures.recouvrant(enregistre):
                noms = ", ".join(str(voisin) for voisin in voisins)
                messages.warning(request, f"Des communes sont aussi dans : {noms}.")
            return redirect("territoires:territoire", territoire_id=enregistre.pk)
    return render(request, "territoires/modifier.html", {"form": form, "territoire": ancien})


@never_cache
@require_http_methods(["GET", "POST"])
def rayon(request: RequeteDeCompte, territoire_id: int) -> HttpResponse:
    vise = get_object_or_404(Territoire, pk=territoire_id)
    courant = vise.rayons.filter(fin_le=None).first()
    initial = {nom: getattr(courant, nom) for nom in RayonForm.base_fields} if courant else None
    form = RayonForm(request.POST or None, initial=initial)
    if form.is_valid():
        actions.changer_rayon(
            territoire=vise, rayons=form.rayons(), acteur=request.user, maintenant=timezone.now()
        )
        messages.success(request, "Les rayons de recherche sont changés ; ils valent d’ici une minute.")
        return redirect("territoires:territoire", territoire_id=vise.pk)
    contexte = {"form": form, "territoire": vise, "departements": vise.departements.order_by("code")}
    return render(request, "territoires/rayon.html", contexte)


@require_POST
def retirer_rayon(request: RequeteDeCompte, territoire_id: int) -> HttpResponse:
    vise = get_object_or_404(Territoire, pk=territoire_id)
    actions.changer_rayon(territoire=vise, rayons=None, acteur=request.user, maintenant=timezone.now())
    messages.success(request, "Les rayons des départements valent de nouveau.")
    return redirect("territoires:territoire", territoire_id=vise.pk)
