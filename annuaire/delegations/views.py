"""Délégations : celles que l’on donne, que l’on reçoit, que l’on accorde dans ses territoires."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annuaire.champs import champ
from annuaire.delegations import actions, lectures
from annuaire.delegations.actions import DelegationRefusee
from annuaire.delegations.forms import AccordForm, DemandeForm, RefusForm
from annuaire.enums import EtatDemande
from annuaire.lectures.objets import libelles_des_objets
from comptes.enums import Action
from comptes.requetes import RequeteDeCompte
from comptes.verbes import libelle_du_verbe

PAR_PAGE = 20


@never_cache
@require_safe
def donnees(request: RequeteDeCompte) -> HttpResponse:
    """Les délégataires de l’effecteur, ou du gestionnaire de structure, et ce qui attend son consentement."""
    maintenant = timezone.now()
    delegations = lectures.donnees_par(request.user, instant=maintenant).pour_liste()
    demandes = lectures.demandees_par(request.user, instant=maintenant).pour_liste()
    contexte = {
        "a_consentir": delegations.vivantes(maintenant).filter(consentie_le=None),
        "en_cours": delegations.en_vigueur(maintenant),
        "closes": delegations.closes(maintenant)[:PAR_PAGE],
        "demandes": demandes.filter(etat=EtatDemande.OUVERTE),
    }
    return render(request, "delegations/donnees.html", contexte)


@never_cache
@require_safe
def recues(request: RequeteDeCompte) -> HttpResponse:
    """Pour qui agit le délégataire (B-15)."""
    maintenant = timezone.now()
    delegations = lectures.delegations_recues(request.user).pour_liste()
    en_vigueur = delegations.en_vigueur(maintenant)
    contexte = {
        "effecteurs": [d for d in en_vigueur if d.effecteur],
        "structures": [d for d in en_vigueur if d.structure],
        "en_attente": delegations.vivantes(maintenant).filter(consentie_le=None),
    }
    return render(request, "delegations/recues.html", contexte)


@never_cache
@require_http_methods(["GET", "POST"])
def demander(request: RequeteDeCompte) -> HttpResponse:
    maintenant = timezone.now()
    sien = champ(request.user, Action.DEMANDER_DELEGATION, instant=maintenant)
    form = DemandeForm(request.POST or None, champ=sien)
    if form.titulaires and form.is_valid():
        try:
            actions.demander(demandeur=request.user, maintenant=maintenant, **form.demande())
        except DelegationRefusee as refus:
            form.add_error("ville" if refus.champ == "commune" else refus.champ or None, str(refus))
        else:
            messages.success(request, "Votre demande a bien été envoyée à votre administrateur territorial.")
            return redirect("delegations:donnees")
    return render(request, "delegations/demander.html", {"form": form})


@require_POST
def annuler_demande(request: RequeteDeCompte, demande_id: int) -> HttpResponse:
    maintenant = timezone.now()
    demande = get_object_or_404(lectures.demandees_par(request.user, instant=maintenant), pk=demande_id)
    _faire(
        request,
        lambda: actions.annuler_demande(demande=demande, acteur=request.user, maintenant=maintenant),
        "La demande est annulée.",
    )
    return redirect("delegations:donnees")


@never_cache
@require_safe
def delegation(request: RequeteDeCompte, delegation_id: int) -> HttpResponse:
    """Ce que la délégation permet, et ce que le délégataire en a fait."""
    maintenant = timezone.now()
    visibles = lectures.visibles_par(request.user, instant=maintenant)
    trouvee = get_object_or_404(visibles.pour_liste(), pk=delegation_id)
    est_titulaire = lectures.est_titulaire(
        request.user, trouvee.effecteur, trouvee.structure, instant=maintenant
    )
    actes = Paginator(lectures.actes_du_delegataire(trouvee), PAR_PAGE).get_page(request.GET.get("page"))
    objets = libelles_des_objets(acte.objet for acte in actes)
    contexte = {
        "delegation": trouvee,
        "est_titulaire": est_titulaire,
        "est_delegataire": trouvee.delegataire_id == request.user.pk,
        "etat": trouvee.etat(maintenant),
        "page_des_actes": actes,
        "actes": [
            {
                "le": acte.le,
                "verbe": libelle_du_verbe(acte.verbe),
                "objet": objets[acte.objet],
            }
            for acte in actes
        ],
    }
    return render(request, "delegations/delegation.html", contexte)


@require_POST
def consentir(request: RequeteDeCompte, delegation_id: int) -> HttpResponse:
    maintenant = timezone.now()
    trouvee = get_object_or_404(lectures.donnees_par(request.user, instant=maintenant), pk=delegation_id)
    _faire(
        request,
        lambda: actions.consentir(delegation=trouvee, acteur=request.user, maintenant=maintenant),
        "Vous avez consenti : cette personne peut maintenant agir en votre nom.",
    )
    return redirect("delegations:delegation", delegation_id=trouvee.pk)


@require_POST
def revoquer(request: RequeteDeCompte, delegation_id: int) -> HttpResponse:
    maintenant = timezone.now()
    trouvee = get_object_or_404(lectures.visibles_par(request.user, instant=maintenant), pk=delegation_id)
    _faire(
        request,
        lambda: actions.revoquer(delegation=trouvee, acteur=request.user, maintenant=maintenant),
        "La délégation ne donne plus accès à rien.",
    )
    return redirect("delegations:delegation", delegation_id=trouvee.pk)


@never_cache
@require_safe
def demandes(request: RequeteDeCompte) -> HttpResponse:
    """Demandes et délégations des territoires du gestionnaire de comptes."""
    maintenant = timezone.now()
    recues = lectures.demandes_gerees(request.user, instant=maintenant).pour_liste()
    delegations = lectures.delegations_gerees(request.user, instant=maintenant).vivantes(maintenant)
    contexte = {
        "demandes": recues.filter(etat=EtatDemande.OUVERTE).avec_compte_connu(),
        "delegations": Paginator(delegations.pour_liste(), PAR_PAGE).get_page(request.GET.get("page")),
        "maintenant": maintenant,
    }
    return render(request, "delegations/demandes.html", contexte)


@require_POST
def accepter(request: RequeteDeCompte, demande_id: int) -> HttpResponse:
    maintenant = timezone.now()
    demande = get_object_or_404(lectures.demandes_gerees(request.user, instant=maintenant), pk=demande_id)
    _faire(
        request,
        lambda: actions.accepter(demande=demande, acteur=request.user, maintenant=maintenant),
        "La délégation est accordée. Elle prendra effet quand le demandeur y aura consenti.",
    )
    return redirect("delegations:demandes")


@never_cache
@require_http_methods(["GET", "POST"])
def refuser(request: RequeteDeCompte, demande_id: int) -> HttpResponse:
    maintenant = timezone.now()
    gerees = lectures.demandes_gerees(request.user, instant=maintenant)
    demande = get_object_or_404(gerees.pour_liste(), pk=demande_id)
    form = RefusForm(request.POST or None)
    if form.is_valid():
        motif = form.cleaned_data["motif"]
        _faire(
            request,
            lambda: actions.refuser(demande=demande, acteur=request.user, motif=motif, maintenant=maintenant),
            "La demande est refusée ; le demandeur est prévenu.",
        )
        return redirect("delegations:demandes")
    return render(request, "delegations/refuser.html", {"demande": demande, "form": form})


@never_cache
@require_http_methods(["GET", "POST"])
def accorder(request: RequeteDeCompte) -> HttpResponse:
    maintenant = timezone.now()
    form = AccordForm(request.POST or None, aujourd_hui=timezone.localdate(maintenant))
    if form.is_valid():
        saisie = form.cleaned_data
        try:
            actions.inviter_et_accorder(
                prenom=saisie["prenom"],
                nom=saisie["nom"],
                email=saisie["email"],
                fin_date=saisie["fin_date"],
                effecteur=form.effecteur,
                structure=form.structure,
                acteur=request.user,
                maintenant=maintenant,
            )
        except DelegationRefusee as refus:
            form.add_error(refus.champ or "numero", str(refus))
        else:
            messages.success(
                request, "La délégation est accordée. Elle prendra effet quand son titulaire y aura consenti."
            )
            return redirect("delegations:demandes")
    return render(request, "delegations/accorder.html", {"form": form})


def _faire(request: RequeteDeCompte, geste: Callable[[], object], succes: str) -> None:
    """Accomplit le geste ; un refus attendu se dit en tête de la page suivante."""
    try:
        geste()
    except DelegationRefusee as refus:
        messages.error(request, str(refus))
    else:
        messages.success(request, succes)
