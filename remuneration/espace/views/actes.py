"""Le relevé acte par acte, semaine par semaine, et dire l’issue qui manque."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from comptes.requetes import RequeteDeCompte
from orientation.enums import Issue, SourceIssue
from orientation.suivi.forms import IssueForm
from orientation.suivi.issues import IssueRefusee, noter
from remuneration.domaine.periodes import trimestre_de
from remuneration.enums import Etape, MotifActe
from remuneration.espace.acces import beneficiaire_ou_404
from remuneration.espace.actes import fuseau_de, issues_a_dire, semaine, vus
from remuneration.espace.forms import SemaineForm
from remuneration.espace.releves import releve_de
from remuneration.models import Calcul

PAR_PAGE = 20


@never_cache
@require_safe
def actes(request: RequeteDeCompte, qui: str) -> HttpResponse:
    maintenant = timezone.now()
    beneficiaire = beneficiaire_ou_404(request, qui, maintenant=maintenant)
    releve = releve_de(beneficiaire, request.GET.get("periode", ""), maintenant=maintenant)
    if releve is None:
        raise Http404
    filtre = SemaineForm(request.GET)
    lundi = filtre.lundi()
    choisis = [a for a in releve.actes if lundi is None or a.semaine == lundi]
    liste = Paginator(choisis, PAR_PAGE).get_page(request.GET.get("page"))
    contexte = {
        "beneficiaire": beneficiaire,
        "page": "actes",
        "releve": releve,
        "filtre": filtre,
        "semaine": semaine(releve.actes, releve.regles, lundi, medecins=releve.medecins) if lundi else None,
        "liste": liste,
        "vus": vus(liste, releve.regles, beneficiaire, medecins=releve.medecins, maintenant=maintenant),
        "comptes": sum(a.motif == MotifActe.COMPTE for a in choisis),
        "issues": Issue.choices,
    }
    return render(request, "ma_participation/actes.html", contexte)


@never_cache
@require_POST
def issue(request: RequeteDeCompte, qui: str, uuid: UUID) -> HttpResponse:
    """Revient au relevé tel qu’il était filtré."""
    maintenant = timezone.now()
    beneficiaire = beneficiaire_ou_404(request, qui, maintenant=maintenant)
    orientation = get_object_or_404(issues_a_dire(beneficiaire, maintenant=maintenant), uuid=uuid)
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
            messages.success(request, _note(orientation.debut.astimezone(fuseau_de(beneficiaire)).date()))
        except IssueRefusee as refus:
            messages.error(request, str(refus))
    else:
        messages.error(request, "Choisissez une issue.")
    filtres = request.GET.urlencode()
    adresse = reverse("ma_participation:actes", kwargs={"qui": beneficiaire.cle})
    return redirect(f"{adresse}?{filtres}" if filtres else adresse)


def _note(jour: date) -> str:
    """Close, une période ne change plus : ce qui s’en apprend ensuite attend un rectificatif."""
    if Calcul.objects.filter(periode__code=trimestre_de(jour), etape=Etape.CLOS).exists():
        return "C’est noté. La période est close\u00a0: un rectificatif en tiendra compte."
    return "C’est noté\u00a0: la dernière réponse dite l’emporte."
