"""Orienter en trois étapes (saisie, confirmation, notification), annuler, partir chez l’éditeur."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agenda.actions import PlaceIndisponible, raison_du_refus
from agenda.lectures import CreneauSas, creneau_sas, occurrence_designee
from agenda.models import Disponibilite
from annuaire.models import LieuExercice
from orientation import carnet, rendu
from orientation.actions import (
    CleReutilisee,
    OrientationRefusee,
    PlaceModifiee,
    Surnumeraire,
    SurnumeraireRefuse,
    annuler,
    est_annulable,
    fermeture_a,
    lieu_designe,
    orienter,
)
from orientation.departs import CreneauParti, rediriger, rediriger_vers_la_place_de_marche
from orientation.destinataires import structure_destinataire
from orientation.forms import EnSusForm, EtapeForm, nouvelle_cle, sceller
from orientation.hub.lectures import etat_lrm
from orientation.lectures import Offre, offre_du_lieu, rechercher
from orientation.models import IssueOrientation, Orientation, OrientationQuerySet
from orientation.rendez_vous.lectures import departs, retours_des_orientations, sans_acte
from orientation.requetes import RequeteDeCompte
from orientation.sollicitation import contacts
from orientation.suivi.forms import RAISON_ABSENTE, SANS_RAISON, AnnulationForm
from orientation.suivi.lectures import fiche_d_appel
from orientation.suivi.rendu import decrire
from orientation.views.csp import vers_les_editeurs
from sas_platform.socle.francais import jour_long

AUTRES_OFFRES = 5


@require_http_methods(["GET", "POST"])
@never_cache
@vers_les_editeurs
def orienter_creneau(request: RequeteDeCompte, creneau_id: str) -> HttpResponse:
    maintenant = timezone.now()
    etape = EtapeForm(request.POST) if request.method == "POST" else None
    if etape is not None and not etape.is_valid():
        etape = None  # une étape falsifiée ou incomplète recommence la saisie
    if etape is not None and etape.cleaned_data["etape"] == EtapeForm.CONFIRMATION:
        return _enregistrer(
            request,
            etape,
            lambda: orienter(
                acteur=request.user,
                cle=str(etape.cleaned_data["cle"]),
                creneau_id=creneau_id,
                maintenant=maintenant,
                vue=etape.place_vue(),
            ),
            lambda: _etape_creneau(request, creneau_id, etape, maintenant),
        )
    return _etape_creneau(request, creneau_id, etape, maintenant)


def _etape_creneau(
    request: RequeteDeCompte, creneau_id: str, etape: EtapeForm | None, maintenant: datetime
) -> HttpResponse:
    """Saisie, ou confirmation avec ce qui a changé depuis l’écran précédent."""
    jeton = _jeton(request, etape)
    creneau = creneau_sas(creneau_id, maintenant, compte=request.user)
    if creneau is None:
        refus, deja = _refus(creneau_id, maintenant), _deja_ici(request, creneau_id)
        return _place_indisponible(request, refus, jeton, maintenant, deja)
    suivante = EtapeForm.CONFIRMATION if etape else EtapeForm.SAISIE
    contexte = {
        "etape": suivante,
        "form": EtapeForm(
            initial={
                "etape": suivante,
                "cle": etape.cleaned_data["cle"] if etape else nouvelle_cle(),
                "recherche": jeton,
                "vue": sceller(_vue(creneau)),
            }
        ),
        "resume": _resume(creneau.lieu),
        "creneau": creneau,
        "modalites": rendu.modalites(creneau.modalites),
        "moment": rendu.moment(creneau.debut, creneau.fin, creneau.lieu.fuseau, est_plage=creneau.est_plage),
        "horaire": f"{rendu.heure(creneau.debut)} – {rendu.heure(creneau.fin)}",
        "jour": jour_long(creneau.debut),
        "changements": rendu.changements(etape.cleaned_data["vue"], creneau) if etape else [],
        "retour": _retour(jeton, f"offre-l{creneau.lieu.pk}"),
        "appel": _appel(request, creneau.lieu.pk, creneau_id, jeton, maintenant),
    }
    statut = 409 if etape and etape.cleaned_data["etape"] == EtapeForm.CONFIRMATION else 200
    gabarit = "orientation/confirmation.html" if etape else "orientation/saisie.html"
    return render(request, gabarit, contexte, status=statut)


def _refus(creneau_id: str, maintenant: datetime) -> PlaceIndisponible:
    """Pourquoi on ne l’offre plus, avec son lieu s’il existe encore : ses autres créneaux seront proposés."""
    designee = occurrence_designee(creneau_id)
    if designee is None:
        return PlaceIndisponible("perimee")
    lieux = Disponibilite.objects.filter(pk=designee[0])
    raison = raison_du_refus(*designee, maintenant)
    return PlaceIndisponible(raison, lieux.values_list("lieu_id", flat=True).first())


def _deja_ici(request: RequeteDeCompte, creneau_id: str) -> Orientation | None:
    """Celle que l’on y a soi-même enregistrée : on revient en arrière, ou l’on recharge l’étape."""
    designee = occurrence_designee(creneau_id)
    if designee is None:
        return None
    miennes = Orientation.objects.visibles_par(request.user).filter(
        annulee_le=None, reservation__disponibilite=designee[0], reservation__debut=designee[1]
    )
    return miennes.order_by("-prise_le", "-pk").first()


def _vue(creneau: CreneauSas) -> dict[str, Any]:
    return {
        "debut": creneau.debut.timestamp(),
        "fin": creneau.fin.timestamp(),
        "modalites": creneau.modalites,
        "capacite": creneau.capacite,
        "prises": creneau.prises,
    }


@require_http_methods(["GET", "POST"])
@never_cache
@vers_les_editeurs
def orienter_en_sus(request: RequeteDeCompte, lieu_id: str) -> HttpResponse:
    maintenant = timezone.now()
    pk = lieu_designe(lieu_id)
    lieux = LieuExercice.objects.select_related("effecteur__profession", "structure", "commune")
    lieu = get_object_or_404(lieux, pk=pk, est_actif=True)
    offre = offre_du_lieu(lieu.pk, maintenant=maintenant)
    if offre is not None and offre.suspension:
        message = f"Ce professionnel {offre.suspension}."
        return _indisponible(request, message, _jeton(request, None), offre, status=409)
    if offre is None or not offre.en_sus:
        raise Http404
    if request.method == "GET":
        jeton = _jeton(request, None)
        initial = {"etape": EtapeForm.SAISIE, "cle": nouvelle_cle(), "recherche": jeton}
        initial |= {nom: request.GET[nom] for nom in EnSusForm.CHOIX if nom in request.GET}
        form = EnSusForm(initial=initial, fuseau=lieu.fuseau, maintenant=maintenant)
        return _saisie_en_sus(request, lieu, form, jeton)
    form = EnSusForm(request.POST, fuseau=lieu.fuseau, maintenant=maintenant)
    jeton = _jeton(request, None)
    if not form.is_valid() or request.POST.get("modifier"):
        return _saisie_en_sus(request, lieu, form, jeton)
    demande = Surnumeraire(lieu_id=lieu_id, debut=form.cleaned_data["debut"])
    if fermeture := fermeture_a(lieu.pk, demande.debut):
        form.add_error("date", fermeture)
        return _saisie_en_sus(request, lieu, form, jeton)
    if form.cleaned_data["etape"] == EtapeForm.CONFIRMATION:
        return _enregistrer(
            request,
            form,
            lambda: orienter(
                acteur=request.user,
                cle=str(form.cleaned_data["cle"]),
                surnumeraire=demande,
                maintenant=maintenant,
            ),
            lambda: _saisie_en_sus(request, lieu, form, jeton),
        )
    contexte = {
        "etape": EtapeForm.CONFIRMATION,
        "en_sus": True,
        "form": EtapeForm(initial=form.cleaned_data | {"etape": EtapeForm.CONFIRMATION, "vue": ""}),
        "date": form.cleaned_data["date"].isoformat(),
        "heure": form.cleaned_data["heure"].strftime("%H:%M"),
        "resume": _resume(lieu, en_sus=True),
        "moment": rendu.moment(demande.debut, None, lieu.fuseau, est_plage=False),
        "retour": _retour(jeton, f"offre-l{lieu.pk}"),
    }
    return render(request, "orientation/confirmation.html", contexte)


def _resume(lieu: LieuExercice, *, en_sus: bool = False) -> rendu.Resume:
    """Avec le téléphone réservé à la régulation : ces étapes ne s’ouvrent qu’à qui oriente."""
    reserve = contacts([lieu.pk]).get(lieu.pk)
    return rendu.resume(lieu, reserve, par=structure_destinataire(lieu, en_sus=en_sus))


def _appel(
    request: RequeteDeCompte, lieu_id: int, creneau_id: str, jeton: str, maintenant: datetime
) -> dict[str, Any]:
    """Ce qui se fait pendant l’appel, et ce qu’il manque pour le noter quand on en revient."""
    sans_raison = request.method == "GET" and request.GET.get("appel") == SANS_RAISON
    return fiche_d_appel(request.user, lieu_id, creneau_id, maintenant) | {
        "recherche": jeton,
        "erreur": RAISON_ABSENTE if sans_raison else "",
    }


def _saisie_en_sus(request: RequeteDeCompte, lieu: LieuExercice, form: EnSusForm, jeton: str) -> HttpResponse:
    contexte = {
        "form": form,
        "resume": _resume(lieu, en_sus=True),
        "retour": _retour(jeton, f"offre-l{lieu.pk}"),
        "appel": _appel(request, lieu.pk, "", jeton, timezone.now()),
    }
    return render(request, "orientation/saisie_en_sus.html", contexte)


def _enregistrer(
    request: RequeteDeCompte,
    etape: EtapeForm,
    enregistrer: Callable[[], Orientation],
    recommencer: Callable[[], HttpResponse],
) -> HttpResponse:
    """Dernière étape : la notification, ou un écran qui dit pourquoi et propose autre chose."""
    jeton = etape.cleaned_data["recherche"]
    try:
        orientation = enregistrer()
    except PlaceModifiee:
        return recommencer()
    except CleReutilisee:
        # Retour en arrière après l’enregistrement, puis une autre heure : c’est la même clé.
        orientation = Orientation.objects.get(acteur=request.user, cle=str(etape.cleaned_data["cle"]))
        messages.warning(
            request,
            "Ce formulaire a déjà enregistré l’orientation ci-dessous ; la nouvelle demande ne l’est pas. "
            "Annulez celle-ci, ou repartez des résultats pour en enregistrer une autre.",
        )
    except PlaceIndisponible as refus:
        return _place_indisponible(request, refus, jeton, timezone.now())
    except SurnumeraireRefuse as refus:
        etape.add_error(None, str(refus))
        return recommencer()
    suite = f"?recherche={jeton}" if jeton else ""
    url = reverse("orientation:orientation", kwargs={"uuid": orientation.uuid})
    return redirect(f"{url}{suite}")


def _place_indisponible(
    request: RequeteDeCompte,
    refus: PlaceIndisponible,
    jeton: str,
    maintenant: datetime,
    deja: Orientation | None = None,
) -> HttpResponse:
    lieu_id = refus.lieu_id
    meme = offre_du_lieu(lieu_id, maintenant=maintenant) if lieu_id else None
    return _indisponible(request, str(refus), jeton, meme, status=409, deja=deja)


def _indisponible(
    request: RequeteDeCompte,
    message: str,
    jeton: str,
    meme: Offre | None,
    *,
    status: int,
    deja: Orientation | None = None,
) -> HttpResponse:
    """Le refus, puis ce qui reste : les autres créneaux du lieu (sans distance ni rang), les offres suivantes."""
    maintenant = timezone.now()
    recherche = carnet.retrouver(request.session, jeton)
    autres: list[Offre] = []
    if recherche is not None:
        resultats = rechercher(recherche.criteres(), maintenant=maintenant, par_page=AUTRES_OFFRES)
        autres = [offre for offre in resultats.offres if offre.creneaux and (not meme or offre.id != meme.id)]
    memes = [meme] if meme and meme.creneaux else []
    montrer = partial(rendu.cartes, maintenant=maintenant, jeton=jeton, oriente=True)
    lister = partial(rendu.liste, oriente=True, oriente_en_sus=False)
    contexte = {
        "message": message,
        "deja": deja,
        "memes": lister([replace(c, distance="", raison="") for c in montrer(memes)]),
        "autres": lister(montrer(autres)),
        "retour": _retour(jeton, ""),
        "jeton": jeton,
    }
    return render(request, "orientation/indisponible.html", contexte, status=status)


@require_safe
@never_cache
def notification(request: RequeteDeCompte, uuid: str) -> HttpResponse:
    orientation = get_object_or_404(_les_miennes(request), uuid=uuid)
    contexte = _decrire(orientation, timezone.now()) | {
        "lrm": etat_lrm(orientation.uuid),
        "retour": _retour(_jeton(request, None), ""),
        "retours": retours_des_orientations([orientation.pk]).get(orientation.pk, []),
    }
    return render(request, "orientation/notification.html", contexte)


@require_http_methods(["GET", "POST"])
@never_cache
def annulation(request: RequeteDeCompte, uuid: str) -> HttpResponse:
    orientation = get_object_or_404(_les_miennes(request), uuid=uuid)
    maintenant = timezone.now()
    form = AnnulationForm(request.POST or None)
    contexte = _decrire(orientation, maintenant) | {"form": form}
    if not form.is_valid():
        return render(request, "orientation/annulation.html", contexte)
    try:
        annuler(
            acteur=request.user,
            orientation=orientation,
            motif=form.motif_choisi(),
            maintenant=maintenant,
        )
    except OrientationRefusee as refus:
        return render(request, "orientation/annulation.html", contexte | {"refus": str(refus)}, status=409)
    return redirect("orientation:orientation", uuid=uuid)


@require_safe
@never_cache
def liste(request: RequeteDeCompte) -> HttpResponse:
    """Mes orientations et mes départs du jour, à l’heure de Paris, et ce qui en est revenu."""
    maintenant = timezone.now()
    minuit = maintenant.astimezone(ZoneInfo(rendu.FUSEAU_DE_PARIS)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    demain = minuit + timedelta(days=1)
    du_jour = list(_les_miennes(request).enregistrees_entre(minuit, demain))
    retours = retours_des_orientations([orientation.pk for orientation in du_jour])
    contexte = {
        "lignes": [_decrire(o, maintenant) | {"retours": retours.get(o.pk, [])} for o in du_jour],
        "jour": jour_long(minuit),
        "departs": departs(request.user, minuit, demain),
        "sans_acte": sans_acte(request.user, minuit, demain),
    }
    return render(request, "orientation/orientations.html", contexte)


@require_POST
@never_cache
@vers_les_editeurs
def redirection(request: RequeteDeCompte, creneau_id: str) -> HttpResponse:
    """Note le départ, puis ouvre l’agenda de l’éditeur ; 410 si le créneau n’y est plus."""
    try:
        lien = rediriger(acteur=request.user, creneau_id=creneau_id, maintenant=timezone.now())
    except CreneauParti as refus:
        return _indisponible(request, str(refus), _jeton(request, None), None, status=410)
    return HttpResponse(status=303, headers={"Location": lien})


@require_POST
@never_cache
@vers_les_editeurs
def place_de_marche(request: RequeteDeCompte, code: str) -> HttpResponse:
    """Note le départ, puis ouvre la place de marché de l’éditeur ; 410 si elle n’est plus ouverte."""
    try:
        lien = rediriger_vers_la_place_de_marche(acteur=request.user, code=code, maintenant=timezone.now())
    except CreneauParti as refus:
        return _indisponible(request, str(refus), _jeton(request, None), None, status=410)
    return HttpResponse(status=303, headers={"Location": lien})


def _les_miennes(request: RequeteDeCompte) -> OrientationQuerySet:
    """Avec ce qu’elles sont devenues : le cabinet peut avoir annulé ce rendez-vous depuis."""
    miennes = Orientation.objects.visibles_par(request.user).pour_affichage()
    return miennes.annotate(issue_retenue=IssueOrientation.objects.derniere_de())


def _decrire(orientation: Orientation, maintenant: datetime) -> dict[str, Any]:
    return decrire(orientation) | {
        "modalites": rendu.modalites(orientation.modalites),
        "annulable": est_annulable(orientation, maintenant),
    }


def _jeton(request: RequeteDeCompte, etape: EtapeForm | None) -> str:
    """Jeton de la recherche d’où l’on vient ; vide s’il n’est plus dans la session."""
    propose = etape.cleaned_data["recherche"] if etape else ""
    propose = propose or request.POST.get("recherche", "") or request.GET.get("recherche", "")
    return propose if carnet.retrouver(request.session, propose) else ""


def _retour(jeton: str, ancre: str) -> str:
    if not jeton:
        return reverse("orientation:recherche")
    url = reverse("orientation:resultats", kwargs={"jeton": jeton})
    return f"{url}#{ancre}" if ancre else url
