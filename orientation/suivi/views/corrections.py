"""Après l’orientation : le bulletin à transmettre, la correction, le retrait par un gestionnaire."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agenda.actions import PlaceIndisponible
from agenda.domaine.offre import en_minutes, identifiant_sas
from orientation import actions, rendu
from orientation.actions import OrientationRefusee, est_annulable
from orientation.enums import Voie
from orientation.forms import nouvelle_cle
from orientation.lectures import offre_du_lieu
from orientation.models import Orientation
from orientation.requetes import RequeteDeCompte
from orientation.suivi import lectures
from orientation.suivi.forms import AnnulationForm, AutreCreneauForm, AutreHeureForm
from orientation.suivi.rendu import bulletin_de, decrire


@require_safe
@never_cache
def bulletin(request: RequeteDeCompte, uuid: str) -> HttpResponse:
    """À lire, copier ou imprimer pendant l’appel ; rien n’en est gardé."""
    orientation = _la_sienne(request, uuid)
    if orientation.annulee_le is not None:
        raise Http404
    return render(
        request, "suivi/bulletin.html", {"orientation": orientation, "bulletin": bulletin_de(orientation)}
    )


@require_http_methods(["GET", "POST"])
@never_cache
def corriger(request: RequeteDeCompte, uuid: str) -> HttpResponse:
    """Un autre créneau du même lieu, ou une autre heure en sus ; ailleurs, on annule et on recommence."""
    maintenant = timezone.now()
    orientation = _la_sienne(request, uuid)
    remplacante = Orientation.objects.filter(remplace=orientation).first()
    if remplacante is not None:
        # Un double clic, ou un retour en arrière : la correction est faite, ce n’est pas un refus.
        messages.info(request, "Cette orientation a déjà été corrigée : voici celle qui la remplace.")
        return redirect("orientation:orientation", uuid=remplacante.uuid)
    if not est_annulable(orientation, maintenant):
        refus = "Cette orientation ne se corrige plus."
        return render(request, "suivi/correction.html", decrire(orientation) | {"refus": refus})
    form = _formulaire(request, orientation, maintenant)
    refus, status = "", 200
    if form.is_valid():
        try:
            nouvelle = _remplacer(request, orientation, form, maintenant)
        except (PlaceIndisponible, OrientationRefusee) as erreur:
            refus, status = str(erreur), 409
        else:
            messages.success(request, "L’orientation est corrigée : la précédente est annulée.")
            return redirect("orientation:orientation", uuid=nouvelle.uuid)
    contexte = decrire(orientation) | {"form": form, "refus": refus}
    return render(request, "suivi/correction.html", contexte, status=status)


def _formulaire(
    request: RequeteDeCompte, orientation: Orientation, maintenant: datetime
) -> AutreHeureForm | AutreCreneauForm:
    donnees = request.POST if request.method == "POST" else None
    initial = {"cle": nouvelle_cle(), "etape": AutreHeureForm.CONFIRMATION}
    if orientation.voie == Voie.SURNUMERAIRE:
        return AutreHeureForm(donnees, initial=initial, fuseau=orientation.lieu.fuseau, maintenant=maintenant)
    offre = offre_du_lieu(orientation.lieu_id, maintenant=maintenant)
    creneaux = [
        (c.id, rendu.moment(c.debut, c.fin, orientation.lieu.fuseau, est_plage=c.est_plage))
        for c in (offre.creneaux if offre else [])
        if c.source == "agenda_sas" and c.id != _creneau_de(orientation)
    ]
    return AutreCreneauForm(donnees, initial=initial, creneaux=creneaux)


def _creneau_de(orientation: Orientation) -> str:
    """Celui qu’elle occupe : une plage où il reste de la place ne remplace pas elle-même."""
    reservation = orientation.reservation
    if reservation is None:
        return ""
    return identifiant_sas(reservation.disponibilite_id, en_minutes(reservation.debut))


def _remplacer(
    request: RequeteDeCompte,
    orientation: Orientation,
    form: AutreHeureForm | AutreCreneauForm,
    maintenant: datetime,
) -> Orientation:
    lus = form.cleaned_data
    surnumeraire = None
    if isinstance(form, AutreHeureForm):
        surnumeraire = actions.Surnumeraire(lieu_id=f"l{orientation.lieu_id}", debut=lus["debut"])
    return actions.corriger(
        acteur=request.user,
        orientation=orientation,
        motif=form.motif_choisi(),
        cle=str(lus["cle"]),
        creneau_id=lus.get("creneau", ""),
        surnumeraire=surnumeraire,
        maintenant=maintenant,
    )


@require_POST
@never_cache
def retirer(request: RequeteDeCompte, uuid: str) -> HttpResponse:
    maintenant = timezone.now()
    retirables = lectures.retirables_par(request.user, maintenant=maintenant)
    orientation = get_object_or_404(retirables, uuid=uuid)
    form = AnnulationForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choisissez pourquoi cette orientation est retirée.")
        return redirect("suivi:fiche", uuid=uuid)
    try:
        actions.retirer_pour_le_territoire(
            acteur=request.user, orientation=orientation, motif=form.motif_choisi(), maintenant=maintenant
        )
        messages.success(request, "L’orientation est retirée.")
    except OrientationRefusee as refus:
        messages.error(request, str(refus))
    return redirect("suivi:fiche", uuid=uuid)


def _la_sienne(request: RequeteDeCompte, uuid: str) -> Orientation:
    visibles = Orientation.objects.visibles_par(request.user).pour_affichage()
    return get_object_or_404(visibles, uuid=uuid)
