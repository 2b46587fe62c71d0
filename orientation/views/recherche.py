"""Chercher une offre de soins : le formulaire, ses suggestions, les résultats."""

from __future__ import annotations

from functools import partial
from math import ceil
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agenda.actualisation import demander
from agenda.lectures import places_de_marche
from agenda.qualite.suspensions import suspendus_pour
from comptes.droits import peut
from comptes.enums import Action
from orientation import carnet, rendu
from orientation.forms import DISPONIBILITES, RAYON_MAX_KM, AffinageForm, PageForm, RechercheForm
from orientation.lectures import Resultats, rechercher
from orientation.lrm import saisies
from orientation.requetes import ReponseSuivie, RequeteDeCompte
from orientation.suggestions import suggestions_de_lieux, suggestions_de_quoi
from orientation.views.csp import vers_les_editeurs

CARTES_PAR_PAGE = 10


@require_http_methods(["GET", "POST"])
@never_cache
def recherche(request: RequeteDeCompte) -> HttpResponse:
    saisie = None
    if request.method == "POST":
        form = RechercheForm(request.POST)
        if form.is_valid():
            return redirect("orientation:resultats", jeton=carnet.garder(request.session, form.recherche()))
    else:
        # Un logiciel de régulation n’a pas tout transmis : le formulaire demande le reste.
        saisie = saisies.retrouver(request.session, request.GET.get("lrm", ""))
        precedente = carnet.retrouver(request.session, request.GET.get("recherche", ""))
        form = (
            saisie.formulaire()
            if saisie
            else RechercheForm(initial=RechercheForm.reprendre(precedente) if precedente else None)
        )
    return render(request, "orientation/recherche.html", {"form": form, "lrm": saisie})


@require_POST
@never_cache
def suggestions_quoi(request: RequeteDeCompte) -> HttpResponse:
    groupes = suggestions_de_quoi(request.POST.get("texte", ""), carnet.derniers_quoi(request.session))
    return render(request, "orientation/_suggestions.html", {"groupes": groupes})


@require_POST
@never_cache
def suggestions_ou(request: RequeteDeCompte) -> HttpResponse:
    groupes = suggestions_de_lieux(request.POST.get("texte", ""))
    return render(request, "orientation/_suggestions.html", {"groupes": groupes})


@require_http_methods(["GET", "POST"])
@never_cache
@vers_les_editeurs
def resultats(request: RequeteDeCompte, jeton: str) -> HttpResponse:
    """Une page de résultats ; POST affine la recherche, qui reçoit un autre jeton."""
    demande = carnet.retrouver(request.session, jeton)
    if demande is None:
        messages.info(request, "Cette recherche n’est plus disponible. Lancez-la de nouveau.")
        return redirect("orientation:recherche")
    if request.method == "POST":
        affinage = AffinageForm(request.POST)
        if affinage.is_valid():
            jeton = carnet.garder(request.session, demande.avec(**affinage.changements()))
        else:
            messages.error(request, f"Le rayon va de 1 à {RAYON_MAX_KM} km.")
        return redirect("orientation:resultats", jeton=jeton)
    maintenant = timezone.now()
    lus = rechercher(
        demande.criteres(),
        maintenant=maintenant,
        page=PageForm(request.GET).numero(),
        par_page=CARTES_PAR_PAGE,
    )
    oriente = peut(request.user, Action.ORIENTER)
    cartes = rendu.cartes(
        lus.offres,
        maintenant=maintenant,
        jeton=jeton,
        oriente=oriente,
        contacts=lus.contacts if oriente else None,
    )
    lister = partial(rendu.liste, oriente=oriente, oriente_en_sus=peut(request.user, Action.ORIENTER_EN_SUS))
    contexte = {
        "recherche": demande,
        "jeton": jeton,
        "resultats": lus,
        "libres": lister([carte for carte in cartes if carte.est_libre]),
        "hors": lister([carte for carte in cartes if not carte.est_libre]),
        "oriente": oriente,
        "places_de_marche": places_de_marche() if oriente else [],
        "suspendus": suspendus_pour([int(offre.lieu.id[1:]) for offre in lus.offres]),
        "autre_fuseau": any(carte.fuseau_autre for carte in cartes),
        "pages": pages_a_montrer(lus.page, lus.pages),
        "a_precedente": lus.page > 1,
        "a_suivante": lus.page < lus.pages,
    }
    reponse = ReponseSuivie(
        render_to_string("orientation/resultats.html", contexte | _filtres(demande, lus), request)
    )
    reponse.ensuite = partial(demander, [int(offre.lieu.id[1:]) for offre in lus.offres], maintenant)
    return reponse


def pages_a_montrer(courante: int, derniere: int) -> list[int | None]:
    """Numéros de la pagination : les bords, la page et ses voisines ; `None` là où l’on saute."""
    voulues = sorted({1, derniere, *range(max(1, courante - 1), min(derniere, courante + 1) + 1)})
    montrees: list[int | None] = []
    for precedente, numero in zip([0, *voulues], voulues, strict=False):
        if numero - precedente > 1:
            montrees.append(None)
        montrees.append(numero)
    return montrees


def _filtres(demande: carnet.Recherche, lus: Resultats) -> dict[str, Any]:
    nombres = {"toutes": lus.libres + lus.hors, "libres": lus.libres, "hors": lus.hors}
    plus_large = min(
        demande.lieu.get("rayon_maximal_km", RAYON_MAX_KM),
        ceil(demande.rayon_km + demande.lieu["pas_elargissement_km"]),
    )
    return {
        "disponibilites": [
            (valeur, libelle, nombres[valeur], valeur == demande.disponibilite)
            for valeur, libelle in DISPONIBILITES
        ],
        "modalites": [
            (code, lettre, libelle, code in demande.modalites) for code, lettre, libelle in rendu.LEGENDE
        ],
        "plus_large_km": plus_large if plus_large > demande.rayon_km else None,
        "rayon_max_km": RAYON_MAX_KM,
    }
