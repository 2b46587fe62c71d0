"""Liste, export, comptes à revoir, fiche."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from annuaire.champs import champ, territoires_du
from annuaire.gestion import lectures
from annuaire.gestion.fichiers import en_csv
from annuaire.gestion.forms import FiltreForm
from annuaire.gestion.portee import deborde, geres_par, non_finies, territoires_des_comptes, visibles_par
from annuaire.gestion.views.communs import acteur_de, trouver
from annuaire.models import Delegation
from comptes.actions import tracer, tracer_lecture
from comptes.enums import Action
from comptes.models import Compte

PAR_PAGE = 25
ENTETES = ("Nom", "Prénom", "Adresse électronique", "Identifiant national", "Rôles", "Territoires", "État")


@never_cache
@require_safe
def liste(request: HttpRequest) -> HttpResponse:
    acteur, maintenant = acteur_de(request), timezone.now()
    filtre = FiltreForm(request.GET, acteur=acteur, instant=maintenant)
    comptes = lectures.pour_liste(
        filtre.appliquer(visibles_par(acteur, instant=maintenant)), instant=maintenant
    )
    page = Paginator(comptes, PAR_PAGE).get_page(request.GET.get("page"))
    vise = champ(acteur, Action.CONSULTER_COMPTES, instant=maintenant)
    contexte = {
        "filtre": filtre,
        "page": page,
        "lignes": lectures.lignes(page.object_list, acteur, instant=maintenant),
        "perimetre": None if vise.france else lectures.noms_des_territoires(vise.territoires),
    }
    return render(request, "gestion/liste.html", contexte)


@never_cache
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Ce que montre la liste filtrée, en entier."""
    acteur, maintenant = acteur_de(request), timezone.now()
    filtre = FiltreForm(request.GET, acteur=acteur, instant=maintenant)
    comptes = lectures.pour_liste(
        filtre.appliquer(visibles_par(acteur, instant=maintenant)), instant=maintenant
    )
    lignes = lectures.lignes(comptes, acteur, instant=maintenant)
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
    compte = trouver(request, visibles_par(acteur, instant=maintenant), compte_id)
    perimetres = lectures.perimetres_de(compte, instant=maintenant)
    habilitations = compte.habilitations.filter(non_finies(maintenant)).order_by("role", "pk")
    territoires = territoires_des_comptes(Compte.objects.filter(pk=compte.pk), instant=maintenant)
    gere = champ(acteur, Action.GERER_COMPTES, instant=maintenant)
    est_modifiable = geres_par(acteur, instant=maintenant).filter(pk=compte.pk).exists()
    delegations = Delegation.objects.filter(non_finies(maintenant), revoquee_le=None, delegataire=compte)
    contexte = {
        "compte": compte,
        "roles": [(habilitation, perimetres.get(habilitation.pk, [])) for habilitation in habilitations],
        "territoires": lectures.noms_des_territoires(territoires.get(compte.pk, ())),
        "delegations": delegations.select_related("effecteur", "structure").order_by("pk"),
        "est_modifiable": est_modifiable,
        "est_soi": compte.pk == acteur.pk,
        "deborde": est_modifiable and deborde(acteur, compte, instant=maintenant),
        "gere_des_comptes": gere.france or territoires_du(gere).exists(),
    }
    tracer_lecture(acteur=acteur, verbe="compte.lu", objet=f"compte:{compte.pk}")
    return render(request, "gestion/fiche.html", contexte)
