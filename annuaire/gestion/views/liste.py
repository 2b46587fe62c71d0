"""Liste, export, comptes à revoir, fiche."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from annuaire.champs import champ
from annuaire.gestion import lectures
from annuaire.gestion.forms import FiltreForm
from annuaire.gestion.portee import (
    avec_est_modifiable,
    comptes_du,
    non_finies,
    territoires_des_comptes,
    visibles_par,
)
from annuaire.gestion.views.communs import acteur_de, trouver
from annuaire.models import Delegation
from comptes.actions import tracer, tracer_lecture
from comptes.enums import Action
from sas_platform.socle.tableurs import en_csv

PAR_PAGE = 25
ENTETES = ("Nom", "Prénom", "Adresse électronique", "Identifiant national", "Rôles", "Territoires", "État")


@never_cache
@require_safe
def liste(request: HttpRequest) -> HttpResponse:
    acteur, maintenant = acteur_de(request), timezone.now()
    vise = champ(acteur, Action.CONSULTER_COMPTES, instant=maintenant)
    filtre = FiltreForm(request.GET, vise=vise, instant=maintenant)
    comptes = lectures.pour_liste(filtre.appliquer(comptes_du(vise, instant=maintenant)), instant=maintenant)
    gere = champ(acteur, Action.GERER_COMPTES, instant=maintenant)
    comptes = avec_est_modifiable(comptes, gere, acteur, instant=maintenant)
    page = Paginator(comptes, PAR_PAGE).get_page(request.GET.get("page"))
    contexte = {
        "filtre": filtre,
        "page": page,
        "lignes": lectures.lignes(page.object_list, instant=maintenant),
        "perimetre": None if vise.france else [nom for _, nom in filtre.territoires],
    }
    return render(request, "gestion/liste.html", contexte)


@never_cache
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Ce que montre la liste filtrée, en entier."""
    acteur, maintenant = acteur_de(request), timezone.now()
    vise = champ(acteur, Action.CONSULTER_COMPTES, instant=maintenant)
    filtre = FiltreForm(request.GET, vise=vise, instant=maintenant)
    comptes = lectures.pour_liste(filtre.appliquer(comptes_du(vise, instant=maintenant)), instant=maintenant)
    lignes = lectures.lignes(comptes, instant=maintenant)
    contenu = en_csv(
        ENTETES,
        (
            (
                ligne.compte.nom,
                ligne.compte.prenom,
                ligne.compte.email or "",
                ligne.compte.identifiant_national or "",
                ", ".join(ligne.roles),
                ", ".join(ligne.territoires),
                ligne.etat,
            )
            for ligne in lignes
        ),
    )
    tracer(acteur=acteur, verbe="comptes.exportes", objet=f"compte:{acteur.pk}", nombre=len(lignes))
    reponse = HttpResponse(contenu, content_type="text/csv; charset=utf-8")
    reponse["Content-Disposition"] = f'attachment; filename="comptes-{maintenant:%Y-%m-%d}.csv"'
    return reponse


@never_cache
@require_safe
def a_revoir(request: HttpRequest) -> HttpResponse:
    acteur, maintenant = acteur_de(request), timezone.now()
    totaux, bilans = lectures.a_revoir(acteur, instant=maintenant)
    contexte = {
        "raisons": [(raison, libelle, totaux[raison]) for raison, libelle in lectures.REVOIR.items()],
        "bilans": bilans,
        "minimum": lectures.MINIMUM_PAR_TERRITOIRE,
    }
    return render(request, "gestion/a_revoir.html", contexte)


@never_cache
@require_safe
def fiche(request: HttpRequest, compte_id: int) -> HttpResponse:
    acteur, maintenant = acteur_de(request), timezone.now()
    gere = champ(acteur, Action.GERER_COMPTES, instant=maintenant)
    visibles = avec_est_modifiable(visibles_par(acteur, instant=maintenant), gere, acteur, instant=maintenant)
    compte = trouver(request, visibles, compte_id)
    perimetres = lectures.perimetres_de(compte, instant=maintenant)
    habilitations = compte.habilitations.filter(non_finies(maintenant)).order_by("role", "pk")
    territoires = territoires_des_comptes([compte.pk], instant=maintenant).get(compte.pk, set())
    delegations = Delegation.objects.filter(non_finies(maintenant), revoquee_le=None, delegataire=compte)
    contexte = {
        "compte": compte,
        "roles": [(habilitation, perimetres.get(habilitation.pk, [])) for habilitation in habilitations],
        "territoires": lectures.noms_des_territoires(territoires),
        "delegations": delegations.select_related("effecteur", "structure").order_by("pk"),
        "est_soi": compte.pk == acteur.pk,
        "deborde": compte.est_modifiable and not (gere.france or territoires <= gere.territoires),
        "gere_des_comptes": gere.france or bool(gere.territoires),
    }
    tracer_lecture(acteur=acteur, verbe="compte.lu", objet=f"compte:{compte.pk}")
    return render(request, "gestion/fiche.html", contexte)
