"""Les indisponibilités d’un lieu, ou de tous ceux d’un titulaire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agenda.models import Indisponibilite, Reservation
from agenda.pages.acces import accomplir, contexte_du_lieu, lieu_tenu, lieux_tenus, lieux_voisins
from agenda.pages.forms.champs import poser
from agenda.pages.forms.fermetures import LIGNES, IndisponibiliteForm
from agenda.saisie import fermetures
from agenda.saisie.actions import SaisieRefusee
from agenda.saisie.lectures import dernier_geste
from annuaire.models import LieuExercice
from comptes.requetes import RequeteDeCompte
from sas_platform.socle.francais import periode


@dataclass(frozen=True, slots=True)
class Tenue:
    """Une place déjà prise dans la période : quand et où, jamais pour qui."""

    debut: datetime
    lieu: LieuExercice


@dataclass(frozen=True, slots=True)
class Periode:
    """Une indisponibilité, à l’heure du lieu."""

    id: int
    en_clair: str
    est_en_cours: bool


@never_cache
@require_http_methods(["GET", "POST"])
def indisponibilites(request: RequeteDeCompte, lieu_id: int) -> HttpResponse:
    maintenant = timezone.now()
    tenus = lieux_tenus(request.user, maintenant)
    lieu = lieu_tenu(request, lieu_id, maintenant, tenus=tenus)
    voisins = lieux_voisins(tenus, lieu) or [lieu]
    form = IndisponibiliteForm(request.POST or None, initial={"lieux": [lieu.pk]}, lieux=voisins)
    tenues: list[Tenue] = []
    if form.is_valid():
        tenues = _tenues(form, maintenant)
        if not tenues or form.cleaned_data["confirmee"]:
            try:
                _fermer(request, form, maintenant)
            except SaisieRefusee as refusee:
                poser(form, refusee.refus)
            else:
                messages.success(
                    request,
                    "L’indisponibilité est enregistrée\u00a0: la régulation ne voit plus ces disponibilités.",
                )
                return redirect("agenda:indisponibilites", lieu_id=lieu.pk)
        elif "deja_averti" in request.POST:
            form.add_error(
                "confirmee", "Cochez cette case pour confirmer\u00a0: rien n’est encore enregistré."
            )
    contexte = contexte_du_lieu(request, lieu) | {
        "form": form,
        "lignes": [[form[f"{nom}_{n}"] for nom in ("du", "de", "au", "a")] for n in LIGNES],
        "plusieurs": any(form[f"{nom}_{n}"].value() for n in LIGNES[1:] for nom in ("du", "de", "au", "a")),
        "geste": dernier_geste(lieu, maintenant=maintenant),
        "jour": maintenant.astimezone(ZoneInfo(lieu.fuseau)).date(),
        "tenues": tenues,
        "periodes": _periodes(lieu, maintenant),
    }
    return render(request, "agenda/indisponibilites.html", contexte)


@require_POST
def rouvrir(request: RequeteDeCompte, lieu_id: int, indisponibilite_id: int) -> HttpResponse:
    maintenant = timezone.now()
    lieu = lieu_tenu(request, lieu_id, maintenant)
    ligne = get_object_or_404(
        Indisponibilite.objects.filter(lieu=lieu).select_related("lieu"), pk=indisponibilite_id
    )

    def geste() -> str:
        fermetures.rouvrir(indisponibilite=ligne, auteur=request.user, maintenant=maintenant)
        return "La période est levée\u00a0: vos disponibilités sont de nouveau montrées."

    accomplir(request, geste)
    return redirect("agenda:indisponibilites", lieu_id=lieu.pk)


def _fermer(request: RequeteDeCompte, form: IndisponibiliteForm, maintenant: datetime) -> None:
    periodes = [
        (lieu, debut, fin)
        for lieu in form.cleaned_data["lieux"]
        for debut, fin in form.bornes(lieu, maintenant)
    ]
    fermetures.fermer_sur(periodes=periodes, auteur=request.user, maintenant=maintenant)


def _tenues(form: IndisponibiliteForm, maintenant: datetime) -> list[Tenue]:
    trouvees: dict[int, tuple[Reservation, LieuExercice]] = {}
    for lieu in form.cleaned_data["lieux"]:
        for debut, fin in form.bornes(lieu, maintenant):
            siennes = fermetures.places_tenues(lieu, max(debut, maintenant), fin)
            trouvees |= {tenue.pk: (tenue, lieu) for tenue in siennes}
    tenues = [Tenue(tenue.debut.astimezone(ZoneInfo(lieu.fuseau)), lieu) for tenue, lieu in trouvees.values()]
    return sorted(tenues, key=lambda tenue: tenue.debut)


def _periodes(lieu: LieuExercice, maintenant: datetime) -> list[Periode]:
    """Celles qui ne sont pas finies, la plus proche d’abord."""
    fuseau = ZoneInfo(lieu.fuseau)
    vivantes = Indisponibilite.objects.filter(lieu=lieu).exclude(periode__fully_lt=(maintenant, None))
    return [
        Periode(
            id=ligne.pk,
            en_clair=periode(
                ligne.periode.lower.astimezone(fuseau),
                ligne.periode.upper and ligne.periode.upper.astimezone(fuseau),
            ),
            est_en_cours=ligne.periode.lower <= maintenant,
        )
        for ligne in vivantes.order_by("periode", "pk")
    ]
