"""Le barème, vu et tenu par les administrateurs : qui propose une règle ne la met pas en vigueur."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comptes.requetes import RequeteDeCompte
from remuneration.bareme import actions, lectures
from remuneration.bareme.forms import RegleForm, tableau_des_tranches
from remuneration.enums import PAR_TRANCHES, EtatRegle, Prestation
from remuneration.models import Regle


@never_cache
@require_safe
def regles(request: RequeteDeCompte) -> HttpResponse:
    contexte = {"suites": lectures.suites(), "aujourd_hui": timezone.localdate()}
    return render(request, "bareme/regles.html", contexte)


@never_cache
@require_http_methods(["GET", "POST"])
def proposer(request: RequeteDeCompte, prestation: str) -> HttpResponse:
    if prestation not in Prestation.values:
        raise Http404
    choisie = Prestation(prestation)
    modele = lectures.modele_pour(prestation)
    donnees = request.POST if request.method == "POST" else None
    form = RegleForm(
        donnees, prestation=choisie, modele=modele, en_vigueur=list(lectures.actives(prestation))
    )
    tableau = tableau_des_tranches(donnees, modele) if choisie in PAR_TRANCHES else None
    # Les deux se vérifient toujours : toutes les fautes se disent d’un coup.
    valides = [saisie.is_valid() for saisie in (form, tableau) if saisie is not None]
    if donnees is not None and all(valides):
        regle = actions.proposer(
            prestation=choisie,
            champs=form.cleaned_data,
            tranches=tableau.tranches() if tableau is not None else (),
            par=request.user,
            maintenant=timezone.now(),
        )
        messages.success(request, "La règle est proposée. Un autre administrateur la mettra en vigueur.")
        return redirect("bareme:regle", regle_id=regle.pk)
    contexte = {"form": form, "tableau": tableau, "prestation": choisie, "modele": modele}
    return render(request, "bareme/proposer.html", contexte)


@never_cache
@require_safe
def regle(request: RequeteDeCompte, regle_id: int) -> HttpResponse:
    lue = get_object_or_404(
        Regle.objects.select_related("auteur", "relecteur").prefetch_related("tranches"), pk=regle_id
    )
    est_proposee = lue.etat == EtatRegle.PROPOSEE
    en_vigueur = [autre for autre in lectures.actives(lue.prestation) if autre.pk != lue.pk]
    place = actions.place_de(en_vigueur, Prestation(lue.prestation), lue.debut, lue.fin)
    avant = place.remplacee or place.precedente
    contexte = {
        "regle": lue,
        "lignes": lectures.decrire(lue, avant),
        "place": place,
        "avant": avant,
        "tranches_avant": list(avant.tranches.order_by("de")) if avant else [],
        "est_proposee": est_proposee,
        "est_sienne": lue.auteur_id == request.user.pk,
        "aujourd_hui": timezone.localdate(),
    }
    return render(request, "bareme/regle.html", contexte)


@never_cache
@require_POST
def activer(request: RequeteDeCompte, regle_id: int) -> HttpResponse:
    lue = get_object_or_404(Regle, pk=regle_id)
    try:
        actions.activer(lue, par=request.user, maintenant=timezone.now())
        messages.success(request, f"La règle est en vigueur à partir du {lue.debut:%d/%m/%Y}.")
    except actions.RegleRefusee as refus:
        messages.error(request, str(refus))
    return redirect("bareme:regle", regle_id=lue.pk)


@never_cache
@require_POST
def ecarter(request: RequeteDeCompte, regle_id: int) -> HttpResponse:
    lue = get_object_or_404(Regle, pk=regle_id)
    try:
        actions.ecarter(lue, par=request.user, maintenant=timezone.now())
        messages.success(request, "La proposition est écartée.")
    except actions.RegleRefusee as refus:
        messages.error(request, str(refus))
    return redirect("bareme:regle", regle_id=lue.pk)
