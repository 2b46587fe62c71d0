"""Les fichiers d’une caisse : produits par un agent, relus et validés par un autre, remis par téléchargement."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from comptes.actions import tracer_lecture
from comptes.enums import Action
from comptes.requetes import RequeteDeCompte
from remuneration.caisse import actions, lectures
from remuneration.caisse.manifeste import enveloppe
from remuneration.caisse.signature import cle_privee, en_pem
from remuneration.models import Export, Periode

RELECTURE = timedelta(hours=1)


def _exports(request: RequeteDeCompte, action: Action) -> QuerySet[Export]:
    siens = lectures.departements_de(request.user, action, instant=timezone.now())
    lies = Export.objects.filter(departement__in=siens)
    return lies.select_related(
        "calcul__periode", "departement", "genere_par", "valide_par", "rectifie__calcul"
    )


def _a_la_periode(export: Export) -> HttpResponse:
    code = export.calcul.periode.code
    return redirect("caisse:periode", departement_id=export.departement_id, code=code)


@never_cache
@require_POST
def produire(request: RequeteDeCompte, departement_id: str, code: str) -> HttpResponse:
    maintenant = timezone.now()
    siens = lectures.departements_de(request.user, Action.VALIDER_EXPORTS, instant=maintenant)
    departement = get_object_or_404(siens, pk=departement_id)
    periode = get_object_or_404(Periode.objects.filter(calculs__etape="clos").distinct(), code=code)
    calcul = lectures.dernier_clos(periode)
    assert calcul is not None
    try:
        produits = actions.produire(calcul, departement, par=request.user, maintenant=maintenant)
        if produits:
            messages.success(
                request, "Les fichiers sont produits. Un autre agent de la caisse doit les valider."
            )
        else:
            messages.info(request, "Tous les fichiers de cette version sont déjà produits.")
    except actions.GesteRefuse as refus:
        messages.error(request, str(refus))
    return redirect("caisse:periode", departement_id=departement.pk, code=periode.code)


@never_cache
@require_safe
def export(request: RequeteDeCompte, export_id: int) -> HttpResponse:
    vu = get_object_or_404(_exports(request, Action.SUIVRE_CAISSE), pk=export_id)
    valide = _exports(request, Action.VALIDER_EXPORTS).filter(pk=vu.pk).exists()
    depuis = timezone.now() - RELECTURE
    tracer_lecture(acteur=request.user, verbe="export.lu", objet=f"export:{vu.pk}", depuis=depuis)
    contexte = {
        "export": vu,
        "apercu": lectures.apercu(vu),
        "peut_agir": valide,
        "est_sien": vu.genere_par_id == request.user.pk,
        "est_depasse": actions.est_depasse(vu.calcul),
    }
    return render(request, "caisse/export.html", contexte)


@never_cache
@require_POST
def valider(request: RequeteDeCompte, export_id: int) -> HttpResponse:
    vu = get_object_or_404(_exports(request, Action.VALIDER_EXPORTS), pk=export_id)
    try:
        actions.valider(vu, par=request.user, maintenant=timezone.now())
        messages.success(request, "Le fichier est validé\u00a0: il peut être téléchargé, et ne change plus.")
    except actions.GesteRefuse as refus:
        messages.error(request, str(refus))
    return _a_la_periode(vu)


@never_cache
@require_POST
def retirer(request: RequeteDeCompte, export_id: int) -> HttpResponse:
    vu = get_object_or_404(_exports(request, Action.VALIDER_EXPORTS), pk=export_id)
    try:
        actions.retirer(vu, par=request.user)
        messages.success(request, "Le fichier est retiré. Vous pouvez le produire de nouveau.")
    except actions.GesteRefuse as refus:
        messages.error(request, str(refus))
    return _a_la_periode(vu)


@never_cache
@require_POST
def telecharger(request: RequeteDeCompte, export_id: int) -> HttpResponse:
    """En POST : le premier téléchargement est la remise, qu’un lien préchargé ne doit pas faire."""
    vu = get_object_or_404(_exports(request, Action.VALIDER_EXPORTS), pk=export_id)
    try:
        remis = actions.remettre(vu, par=request.user, maintenant=timezone.now())
    except actions.GesteRefuse as refus:
        messages.error(request, str(refus))
        return _a_la_periode(vu)
    return _en_piece(bytes(remis.contenu), remis.nom, "text/csv; charset=utf-8")


@never_cache
@require_POST
def manifeste(request: RequeteDeCompte, export_id: int) -> HttpResponse:
    vu = get_object_or_404(_exports(request, Action.VALIDER_EXPORTS), pk=export_id)
    try:
        actions.donner_le_manifeste(vu, par=request.user)
    except actions.GesteRefuse as refus:
        messages.error(request, str(refus))
        return _a_la_periode(vu)
    contenu = enveloppe(vu.manifeste, vu.signature)
    return _en_piece(contenu, vu.nom.removesuffix(".csv") + ".json", "application/json")


@require_safe
def cle_publique(request: RequeteDeCompte) -> HttpResponse:
    return _en_piece(en_pem(cle_privee().public_key()), "sas-cle-publique.pem", "application/x-pem-file")


def _en_piece(contenu: bytes, nom: str, genre: str) -> HttpResponse:
    reponse = HttpResponse(contenu, content_type=genre)
    reponse["Content-Disposition"] = f'attachment; filename="{nom}"'
    return reponse
