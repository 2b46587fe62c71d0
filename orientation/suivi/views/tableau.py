"""Le suivi d’une équipe : ses orientations, ce qu’elles sont devenues, ses notes de relève."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annuaire.models import Territoire
from comptes.actions import tracer, tracer_lecture
from orientation.actions import est_retirable
from orientation.hub.lectures import etat_lrm
from orientation.models import NoteReleve
from orientation.rendez_vous.lectures import DEPARTS_MAX, decrire_departs, retours_des_orientations
from orientation.rendu.textes import FUSEAU_DE_PARIS
from orientation.requetes import RequeteDeCompte
from orientation.suivi import lectures, releve
from orientation.suivi.forms import AnnulationForm, FiltreForm, NoteForm
from orientation.suivi.rendu import decrire, histoire, ligne_csv
from sas_platform.socle.tableurs import en_csv

PAR_PAGE = 25
EXPORT_MAX = 10_000
ENTETES = (
    "Enregistrée le", "Régulation", "Type", "Destinataire", "Commune", "Territoire du destinataire",
    "Rendez-vous", "État", "Motif d’annulation", "Issue",
)  # fmt: skip


@require_safe
@never_cache
def tableau(request: RequeteDeCompte) -> HttpResponse:
    return _tableau(request)


def _tableau(
    request: RequeteDeCompte, form_note: NoteForm | None = None, *, status: int = 200
) -> HttpResponse:
    maintenant = timezone.now()
    territoires = lectures.territoires_suivis(request.user, maintenant=maintenant)
    filtre = _filtre(request, territoires, maintenant)
    suivies = lectures.suivies_par(request.user, maintenant=maintenant)
    page = Paginator(filtre.appliquer(suivies).pour_affichage().select_related("acteur"), PAR_PAGE).get_page(
        request.GET.get("page")
    )
    contexte = {
        "filtre": filtre,
        "page": page,
        "lignes": [decrire(o) | {"est_passee": o.debut <= maintenant} for o in page],
        "departs": decrire_departs(
            filtre.appliquer_aux_departs(lectures.departs_suivis_par(request.user, maintenant=maintenant))
        ),
        "departs_max": DEPARTS_MAX,
        "notes": lectures.notes_de_releve(territoires, depuis=_depuis(maintenant))[:50],
        "form_note": form_note or (NoteForm(territoires=territoires) if territoires.exists() else None),
        "duree_notes": str(settings.CONSERVATION["notes_releve"].duree),
    }
    return render(request, "suivi/tableau.html", contexte, status=status)


@require_safe
@never_cache
def export(request: RequeteDeCompte) -> HttpResponse:
    """Ce que montre le suivi filtré, sans nom de régulateur ; dix mille lignes au plus."""
    maintenant = timezone.now()
    territoires = lectures.territoires_suivis(request.user, maintenant=maintenant)
    filtre = _filtre(request, territoires, maintenant)
    suivies = filtre.appliquer(lectures.suivies_par(request.user, maintenant=maintenant))
    choisies = suivies.pour_affichage().select_related("territoire", "territoire_destinataire")
    lignes = [ligne_csv(orientation) for orientation in choisies[:EXPORT_MAX]]
    objet = f"compte:{request.user.pk}"
    tracer(acteur=request.user, verbe="orientations.exportees", objet=objet, nombre=len(lignes))
    reponse = HttpResponse(en_csv(ENTETES, lignes), content_type="text/csv; charset=utf-8")
    jour = maintenant.astimezone(ZoneInfo(FUSEAU_DE_PARIS))
    reponse["Content-Disposition"] = f'attachment; filename="orientations-{jour:%Y-%m-%d}.csv"'
    return reponse


@require_safe
@never_cache
def fiche(request: RequeteDeCompte, uuid: str) -> HttpResponse:
    maintenant = timezone.now()
    suivies = lectures.suivies_par(request.user, maintenant=maintenant).pour_affichage()
    orientation = get_object_or_404(
        suivies.select_related("acteur", "territoire", "territoire_destinataire", "remplace", "remplacante"),
        uuid=uuid,
    )
    retirables = lectures.retirables_par(request.user, maintenant=maintenant)
    retirable = est_retirable(orientation, maintenant) and retirables.filter(pk=orientation.pk).exists()
    tracer_lecture(
        acteur=request.user,
        verbe="orientation.lue",
        objet=f"orientation:{orientation.uuid}",
        est_le_sien=orientation.acteur_id == request.user.pk,
    )
    contexte = decrire(orientation) | {
        "dites": histoire(orientation),
        "lrm": etat_lrm(orientation.uuid),
        "retours": retours_des_orientations([orientation.pk]).get(orientation.pk, []),
        "form": AnnulationForm() if retirable else None,
        "est_la_sienne": orientation.acteur_id == request.user.pk,
    }
    return render(request, "suivi/fiche.html", contexte)


@require_POST
@never_cache
def noter(request: RequeteDeCompte) -> HttpResponse:
    maintenant = timezone.now()
    territoires = lectures.territoires_suivis(request.user, maintenant=maintenant)
    if not territoires.exists():
        messages.error(
            request, "Votre compte n’est rattaché à aucun territoire : il n’y a pas d’équipe à qui écrire."
        )
        return redirect("suivi:tableau")
    form = NoteForm(request.POST, territoires=territoires)
    if not form.is_valid():
        return _tableau(request, form, status=400)
    releve.laisser(
        auteur=request.user,
        territoire=form.cleaned_data["territoire"],
        texte=form.cleaned_data["texte"],
        maintenant=maintenant,
    )
    messages.success(request, "La note est laissée à l’équipe.")
    return redirect("suivi:tableau")


@require_POST
@never_cache
def effacer_note(request: RequeteDeCompte, note_id: int) -> HttpResponse:
    """Chacun les siennes."""
    note = get_object_or_404(NoteReleve.objects.filter(auteur=request.user), pk=note_id)
    releve.effacer(note=note, acteur=request.user)
    messages.success(request, "La note est effacée.")
    return redirect("suivi:tableau")


def _filtre(request: RequeteDeCompte, territoires: QuerySet[Territoire], maintenant: datetime) -> FiltreForm:
    return FiltreForm(
        request.GET,
        compte=request.user,
        territoires=territoires,
        equipe=lectures.equipe(request.user, maintenant=maintenant),
        maintenant=maintenant,
    )


def _depuis(maintenant: datetime) -> datetime:
    """Ce que la purge n’a pas encore effacé se tait déjà."""
    duree = settings.CONSERVATION["notes_releve"].duree
    jour = duree.avant(timezone.localdate(maintenant))
    return timezone.make_aware(datetime.combine(jour, datetime.min.time()))
