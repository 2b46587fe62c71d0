"""Recopier une semaine, en garder le modèle, le rejouer."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from dsfr.forms import DsfrBaseForm

from agenda.models import SemaineType
from agenda.pages.acces import (
    contexte_du_lieu,
    jour_voulu,
    lieu_tenu,
    lieux_tenus,
    lieux_voisins,
    refuse_si_ferme,
    vers_l_agenda,
)
from agenda.pages.forms.champs import poser
from agenda.pages.forms.semaines import CopieForm, GardeForm, RejeuForm
from agenda.saisie import semaines
from agenda.saisie.actions import SaisieRefusee
from agenda.saisie.lectures import agenda_saisi_ouvert
from annuaire.models import LieuExercice
from comptes.requetes import RequeteDeCompte


@never_cache
@require_http_methods(["GET", "POST"])
def semaines_types(request: RequeteDeCompte, lieu_id: int) -> HttpResponse:
    """Trois formulaires ; `geste` dit lequel est envoyé."""
    maintenant = timezone.now()
    tenus = lieux_tenus(request.user, maintenant)
    lieu = lieu_tenu(request, lieu_id, maintenant, tenus=tenus)
    if refus := refuse_si_ferme(request, lieu):
        return refus
    voisins = lieux_voisins(tenus, lieu)
    modeles = list(SemaineType.objects.filter(lieu__in=voisins).select_related("lieu").order_by("nom", "pk"))
    formulaires = _formulaires(request, lieu, voisins, modeles, maintenant)
    envoye = formulaires.get(request.POST.get("geste", ""))
    if envoye is not None and envoye.is_valid():
        try:
            message, jour = _accomplir(request, lieu, envoye, maintenant)
        except SaisieRefusee as refusee:
            poser(envoye, refusee.refus)
        else:
            messages.success(request, message)
            return (
                vers_l_agenda(request, jour[0], jour[1])
                if jour
                else redirect("agenda:semaines", lieu_id=lieu.pk)
            )
    contexte = contexte_du_lieu(request, lieu) | formulaires | {"modeles": modeles}
    return render(request, "agenda/semaines.html", contexte)


@require_POST
def oublier(request: RequeteDeCompte, lieu_id: int, modele_id: int) -> HttpResponse:
    maintenant = timezone.now()
    lieu = lieu_tenu(request, lieu_id, maintenant)
    modele = get_object_or_404(SemaineType.objects.filter(lieu=lieu), pk=modele_id)
    nom = modele.nom
    semaines.oublier_semaine(modele=modele, auteur=request.user)
    messages.success(
        request, f"La semaine type «\u00a0{nom}\u00a0» est supprimée\u00a0; l’agenda n’a pas changé."
    )
    return redirect("agenda:semaines", lieu_id=lieu.pk)


def _formulaires(
    request: RequeteDeCompte,
    lieu: LieuExercice,
    voisins: list[LieuExercice],
    modeles: list[SemaineType],
    maintenant: datetime,
) -> dict[str, DsfrBaseForm]:
    jour = jour_voulu(request, lieu, maintenant)
    initiales: dict[str, Any] = {"source": jour, "cible": jour + timedelta(weeks=1), "lieu": lieu.pk}
    geste = request.POST.get("geste", "")

    def donnees(nom: str) -> Any:
        return request.POST if geste == nom else None

    ouverts = [voisin for voisin in voisins if voisin.pk == lieu.pk or agenda_saisi_ouvert(voisin)]
    return {
        "copier": CopieForm(donnees("copier"), initial=initiales, prefix="copier"),
        "garder": GardeForm(donnees("garder"), initial=initiales, prefix="garder"),
        "rejouer": RejeuForm(
            donnees("rejouer"), initial=initiales, prefix="rejouer", modeles=modeles, lieux=ouverts
        ),
    }


def _accomplir(
    request: RequeteDeCompte, lieu: LieuExercice, form: DsfrBaseForm, maintenant: datetime
) -> tuple[str, tuple[LieuExercice, date] | None]:
    """Ce qui est fait, et l’agenda où le voir. Lève `SaisieRefusee`."""
    saisie = form.cleaned_data
    if isinstance(form, GardeForm):
        semaines.garder_semaine(lieu=lieu, nom=saisie["nom"], source=saisie["source"], auteur=request.user)
        return f"La semaine type «\u00a0{saisie['nom']}\u00a0» est gardée.", None
    communs: dict[str, Any] = {
        "cible": saisie["cible"],
        "nombre": saisie["nombre"],
        "auteur": request.user,
        "maintenant": maintenant,
    }
    if isinstance(form, RejeuForm):
        lieu = saisie["lieu"]
        ajoutes = semaines.rejouer_semaine(modele=saisie["modele"], lieu=lieu, **communs)
    else:
        ajoutes = semaines.copier_semaine(lieu=lieu, source=saisie["source"], **communs)
    accord = "disponibilités sont ajoutées" if ajoutes > 1 else "disponibilité est ajoutée"
    return f"{ajoutes}\u00a0{accord}.", (lieu, saisie["cible"])
