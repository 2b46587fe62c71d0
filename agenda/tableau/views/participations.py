"""Déclarer sa participation : remplir, vérifier l’effet de chaque réponse, enregistrer ; relire l’histoire."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agenda.models import Editeur
from agenda.tableau.acces import effecteur_connecte, structure_a_regler
from agenda.tableau.actions import enregistrer_participation, enregistrer_participation_structure
from agenda.tableau.droits import bandeau, droit_avec
from annuaire.enums import TypeStructure
from annuaire.models import Effecteur, LieuExercice, Structure
from comptes.requetes import RequeteDeCompte
from participation.actions import DeclarationModifiee
from participation.domaine.declaration import PAR_UNE_STRUCTURE, effets, effets_structure, pertinente
from participation.forms import ParticipationCentreForm, ParticipationForm, ParticipationSosForm
from participation.lectures import chercher_structures, intitule, participation_de, relire
from participation.models import ParticipationStructure, VersionParticipation

VERIFIER, ENREGISTRER, MODIFIER = "verifier", "enregistrer", "modifier"
PAR_PAGE = 20


@never_cache
@require_http_methods(["GET", "POST"])
def participation(request: RequeteDeCompte) -> HttpResponse:
    maintenant = timezone.now()
    effecteur = effecteur_connecte(request, maintenant)
    if effecteur is None:
        return redirect("tableau:accueil")
    form = _formulaire(request, effecteur)
    if request.method == "POST" and request.POST.get("etape") != MODIFIER and form.is_valid():
        if request.POST.get("etape") != ENREGISTRER:
            return _verifier(request, form, maintenant)
        try:
            enregistrer_participation(
                effecteur=effecteur,
                reponses=form.reponses(),
                auteur=request.user,
                maintenant=maintenant,
                vue_le=form.cleaned_data["vue_le"],
            )
        except DeclarationModifiee as conflit:
            return _conflit(request, form, effecteur, str(conflit))
        messages.success(request, "Vos paramètres sont enregistrés.")
        return redirect("tableau:accueil")
    return render(request, "tableau/participation.html", {"form": form})


def _formulaire(request: RequeteDeCompte, effecteur: Effecteur) -> ParticipationForm:
    lieux = LieuExercice.objects.filter(effecteur=effecteur, est_actif=True).select_related("commune")
    return ParticipationForm(
        request.POST if request.method == "POST" else None,
        participation=participation_de(effecteur),
        lieux=lieux.order_by("pk"),
        editeurs=list(
            Editeur.objects.filter(est_actif=True).order_by("nom", "pk").values_list("code", "nom")
        ),
    )


def _verifier(request: RequeteDeCompte, form: ParticipationForm, maintenant: datetime) -> HttpResponse:
    """Rien n’est encore écrit : ce que les réponses changeraient, avant de les enregistrer."""
    reponses = form.reponses()
    declaration = pertinente(reponses.declaration())
    contexte = {
        "champs": _champs_caches(form),
        "effets": effets(declaration),
        "droit": droit_avec(declaration, reponses.structure.pk if reponses.structure else None, maintenant),
        "bandeau": bandeau(declaration),
    }
    return render(request, "tableau/verifier.html", contexte)


def _champs_caches(form: ParticipationForm | ParticipationSosForm) -> list[tuple[str, str]]:
    """Les réponses telles que tapées, à renvoyer par l’étape suivante."""
    return [(nom, valeur) for nom in form.fields for valeur in form.data.getlist(nom)]


def _conflit(
    request: RequeteDeCompte, form: ParticipationForm, effecteur: Effecteur, message: str
) -> HttpResponse:
    """Ce que l’autre fenêtre a enregistré, et le formulaire tel que rempli, à jour de cette version."""
    enregistree = participation_de(effecteur)
    copie = form.data.copy()
    copie["vue_le"] = enregistree.modifie_le.isoformat() if enregistree else ""
    form.data = copie
    versions = VersionParticipation.objects.filter(effecteur=effecteur).select_related("auteur")
    derniere = relire(versions.order_by("-le", "-pk")[:1], _logiciels())
    contexte = {"form": form, "conflit": message, "derniere": derniere[0] if derniere else None}
    return render(request, "tableau/participation.html", contexte, status=409)


@never_cache
@require_POST
def suggestions(request: RequeteDeCompte) -> HttpResponse:
    """Structures qui ressemblent au texte, pour la liste du champ ; sans script, le formulaire les propose lui-même."""
    type_structure = request.POST.get("type", "")
    admis = type_structure in PAR_UNE_STRUCTURE
    trouvees = chercher_structures(request.POST.get("texte", ""), type_structure) if admis else []
    return render(request, "tableau/_suggestions.html", {"intitules": map(intitule, trouvees)})


@never_cache
@require_safe
def historique(request: RequeteDeCompte) -> HttpResponse:
    effecteur = effecteur_connecte(request, timezone.now())
    if effecteur is None:
        return redirect("tableau:accueil")
    versions = VersionParticipation.objects.filter(effecteur=effecteur)
    return _historique(request, versions, structure=None)


@never_cache
@require_safe
def historique_structure(request: RequeteDeCompte, structure_id: int) -> HttpResponse:
    structure = structure_a_regler(request, structure_id, timezone.now())
    return _historique(request, VersionParticipation.objects.filter(structure=structure), structure=structure)


def _historique(
    request: RequeteDeCompte, versions: QuerySet[VersionParticipation], *, structure: Structure | None
) -> HttpResponse:
    rangees = versions.select_related("auteur").order_by("-le", "-pk")
    page = Paginator(rangees, PAR_PAGE).get_page(request.GET.get("page"))
    contexte = {"page": page, "versions": relire(page, _logiciels()), "structure": structure}
    return render(request, "tableau/historique.html", contexte)


def _logiciels() -> dict[str, str]:
    return dict(Editeur.objects.values_list("code", "nom"))


@never_cache
@require_http_methods(["GET", "POST"])
def participation_structure(request: RequeteDeCompte, structure_id: int) -> HttpResponse:
    maintenant = timezone.now()
    structure = structure_a_regler(request, structure_id, maintenant)

    reglages = ParticipationStructure.objects.filter(structure=structure).first()
    propre = ParticipationCentreForm if structure.type == TypeStructure.CDS else ParticipationSosForm
    form = propre(request.POST if request.method == "POST" else None, reglages=reglages)
    if request.method == "POST" and request.POST.get("etape") != MODIFIER and form.is_valid():
        if request.POST.get("etape") != ENREGISTRER:
            contexte = {
                "structure": structure,
                "champs": _champs_caches(form),
                "effets": effets_structure(form.declaration()),
            }
            return render(request, "tableau/verifier.html", contexte)
        try:
            enregistrer_participation_structure(
                structure=structure,
                declaration=form.declaration(),
                auteur=request.user,
                maintenant=maintenant,
                vue_le=form.cleaned_data["vue_le"],
            )
        except DeclarationModifiee as conflit:
            return _conflit_structure(request, form, structure, str(conflit))
        messages.success(request, "Les paramètres de la structure sont enregistrés.")
        return redirect("tableau:structure", structure_id=structure.pk)
    contexte = {"form": form, "structure": structure}
    return render(request, "tableau/participation_structure.html", contexte)


def _conflit_structure(
    request: RequeteDeCompte, form: ParticipationSosForm, structure: Structure, message: str
) -> HttpResponse:
    enregistree = ParticipationStructure.objects.get(structure=structure)
    form.data = request.POST.copy()
    form.data["vue_le"] = enregistree.modifie_le.isoformat()
    versions = VersionParticipation.objects.filter(structure=structure).select_related("auteur")
    derniere = relire(versions.order_by("-le", "-pk")[:1], {})
    contexte = {
        "form": form,
        "structure": structure,
        "conflit": message,
        "derniere": derniere[0] if derniere else None,
    }
    return render(request, "tableau/participation_structure.html", contexte, status=409)
