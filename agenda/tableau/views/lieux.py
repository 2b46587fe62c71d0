"""Ce qu’un lieu dit à la régulation : texte libre, téléphone réservé, limites, pause."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agenda.tableau import actions
from agenda.tableau.acces import lieu_tenu
from agenda.tableau.actions import ModifieEntreTemps
from agenda.tableau.forms import InformationsForm, SollicitationForm
from annuaire.models import LieuExercice
from comptes.requetes import RequeteDeCompte
from participation.models import Sollicitation


@never_cache
@require_http_methods(["GET", "POST"])
def informations(request: RequeteDeCompte, lieu_id: int) -> HttpResponse:
    maintenant = timezone.now()
    lieu = lieu_tenu(request, lieu_id, maintenant)
    form = InformationsForm(request.POST or None, lieu=lieu)
    conflit = ""
    if form.is_valid():
        saisie = form.cleaned_data
        try:
            actions.changer_informations(
                lieu=lieu,
                informations={
                    "informations_complementaires": saisie["texte"],
                    "accueil": saisie["accueil"],
                    "langues": saisie["langues"],
                },
                vu=saisie["vu"],
                auteur=request.user,
                maintenant=maintenant,
            )
        except ModifieEntreTemps as refus:
            conflit = str(refus)
            lieu.refresh_from_db(fields=actions.INFORMATIONS)
            form.data = request.POST.copy()
            form.data["vu"] = actions.empreinte(lieu)
        else:
            messages.success(request, "Les informations sont enregistrées.")
            return redirect(_retour(lieu))
    contexte = {"form": form, "lieu": lieu, "retour": _retour(lieu), "conflit": conflit}
    return render(request, "tableau/informations.html", contexte, status=409 if conflit else 200)


@never_cache
@require_http_methods(["GET", "POST"])
def sollicitation(request: RequeteDeCompte, lieu_id: int) -> HttpResponse:
    maintenant = timezone.now()
    lieu = lieu_tenu(request, lieu_id, maintenant)
    actuelle = Sollicitation.objects.filter(lieu=lieu).first()
    donnees = request.POST if request.method == "POST" else None
    form = SollicitationForm(donnees, lieu=lieu, sollicitation=actuelle, maintenant=maintenant)
    conflit = ""
    if form.is_valid():
        try:
            actions.regler_sollicitation(
                lieu=lieu,
                consignes=form.consignes(),
                auteur=request.user,
                vue_le=form.cleaned_data["vue_le"],
            )
        except ModifieEntreTemps as refus:
            conflit = str(refus)
            form.data = request.POST.copy()
            form.data["vue_le"] = actuelle.modifie_le.isoformat() if actuelle else ""
        else:
            messages.success(request, "Les consignes de sollicitation sont enregistrées.")
            return redirect(_retour(lieu))
    enregistrees = SollicitationForm(lieu=lieu, sollicitation=actuelle, maintenant=maintenant)
    contexte = {
        "form": form,
        "lieu": lieu,
        "retour": _retour(lieu),
        "conflit": conflit,
        "enregistrees": [(champ.label, champ.value()) for champ in enregistrees.visible_fields()],
    }
    return render(request, "tableau/sollicitation.html", contexte, status=409 if conflit else 200)


def _retour(lieu: LieuExercice) -> str:
    if lieu.effecteur_id is None:
        page = reverse("tableau:structure", kwargs={"structure_id": lieu.structure_id})
    else:
        page = reverse("tableau:professionnel", kwargs={"effecteur_id": lieu.effecteur_id})
    return f"{page}#lieu-{lieu.pk}"
