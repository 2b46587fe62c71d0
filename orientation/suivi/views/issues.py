"""Dire l’issue d’une orientation, depuis le tableau de bord ou par le lien d’un courriel ; choisir ses avis."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annuaire.champs import Champ, champ
from annuaire.models import Effecteur, Structure
from comptes.enums import Action
from orientation.enums import Issue, RythmeAvis, SourceIssue
from orientation.requetes import RequeteDeCompte
from orientation.suivi import jetons, lectures
from orientation.suivi.avis import choisir, recoit, rythme_de
from orientation.suivi.forms import IssueForm, RythmeForm
from orientation.suivi.issues import IssueRefusee, noter, refus_de_noter
from orientation.suivi.rendu import decrire, histoire

PAR_PAGE = 20


@require_safe
@never_cache
def liste(request: RequeteDeCompte) -> HttpResponse:
    maintenant = timezone.now()
    recues = lectures.recues_par(request.user, maintenant=maintenant).filter(annulee_le=None)
    ordonnees = recues.pour_affichage().order_by("-debut", "-pk")
    page = Paginator(ordonnees, PAR_PAGE).get_page(request.GET.get("page"))
    contexte = {
        "page": page,
        "lignes": [decrire(o) | {"est_passee": o.debut <= maintenant} for o in page],
        "issues": Issue.choices,
        "avis_reglable": bool(_titulaires(request)),
    }
    return render(request, "suivi/issues.html", contexte)


@require_POST
@never_cache
def issue(request: RequeteDeCompte, uuid: str) -> HttpResponse:
    maintenant = timezone.now()
    recues = lectures.recues_par(request.user, maintenant=maintenant)
    orientation = get_object_or_404(recues, uuid=uuid)
    form = IssueForm(request.POST)
    if form.is_valid():
        try:
            noter(
                orientation=orientation,
                issue=Issue(form.cleaned_data["issue"]),
                source=SourceIssue.TABLEAU,
                acteur=request.user,
                maintenant=maintenant,
            )
            messages.success(
                request, "C’est noté. Vous pouvez encore le changer : la dernière réponse compte."
            )
        except IssueRefusee as refus:
            messages.error(request, str(refus))
    else:
        messages.error(request, "Choisissez une issue.")
    return redirect("suivi:issues")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def issue_par_lien(request: HttpRequest, jeton: str) -> HttpResponse:
    """L’ouvrir ne fait que montrer : une messagerie qui inspecte les liens n’enregistre rien."""
    maintenant = timezone.now()
    try:
        demande = jetons.lire(jeton, maintenant=maintenant)
    except jetons.JetonRefuse as refus:
        return render(request, "suivi/lien_refuse.html", {"message": str(refus)}, status=410)
    if not recoit(demande.compte, demande.orientation, maintenant):
        message = "Ce lien n’est plus valable : vous ne répondez plus pour cette structure."
        return render(request, "suivi/lien_refuse.html", {"message": message}, status=410)
    contexte = decrire(demande.orientation) | {
        "issue": demande.issue,
        "refus": refus_de_noter(demande.orientation, demande.issue, maintenant),
    }
    if request.method == "POST":
        try:
            noter(
                orientation=demande.orientation,
                issue=demande.issue,
                source=SourceIssue.LIEN,
                acteur=demande.compte,
                maintenant=maintenant,
            )
        except IssueRefusee as refus:
            return render(request, "suivi/issue_par_lien.html", contexte | {"refus": str(refus)}, status=409)
        contexte |= {"faite": True}
    contexte |= {"dites": histoire(demande.orientation)}
    return render(request, "suivi/issue_par_lien.html", contexte)


@require_http_methods(["GET", "POST"])
@never_cache
def avis(request: RequeteDeCompte) -> HttpResponse:
    """Le professionnel pour lui-même, le gestionnaire pour chaque structure qu’il gère en propre."""
    maintenant = timezone.now()
    lignes = []
    for cle, titulaire in _titulaires(request).items():
        effecteur = titulaire if isinstance(titulaire, Effecteur) else None
        structure = titulaire if isinstance(titulaire, Structure) else None
        donnees = request.POST if request.method == "POST" and request.POST.get("pour") == cle else None
        actuel = rythme_de(effecteur=effecteur, structure=structure)
        form = RythmeForm(donnees, initial={"rythme": actuel}, prefix=cle)
        if form.is_valid():
            choisir(
                acteur=request.user,
                rythme=RythmeAvis(form.cleaned_data["rythme"]),
                maintenant=maintenant,
                effecteur=effecteur,
                structure=structure,
            )
            messages.success(request, "Votre choix est enregistré.")
            return redirect("suivi:avis")
        lignes.append((cle, titulaire, form))
    return render(request, "suivi/avis.html", {"lignes": lignes, "email": request.user.email})


def _titulaires(request: RequeteDeCompte) -> dict[str, Effecteur | Structure]:
    mien: Champ = champ(request.user, Action.TENIR_AGENDA, instant=timezone.now())
    titulaires: dict[str, Effecteur | Structure] = {}
    if mien.effecteur:
        titulaires[f"e{mien.effecteur}"] = Effecteur.objects.get(pk=mien.effecteur)
    for structure in Structure.objects.filter(pk__in=mien.structures).order_by("nom", "pk"):
        titulaires[f"s{structure.pk}"] = structure
    return titulaires
