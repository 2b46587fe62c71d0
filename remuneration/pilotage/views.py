"""Tableau de bord, chiffres clés, indicateurs publics, et leurs CSV."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agenda.models import Editeur
from annuaire.models import Territoire
from orientation.requetes import RequeteDeCompte
from remuneration.domaine.indicateurs import INDICATEURS
from remuneration.domaine.masquage import SEUIL
from remuneration.domaine.mois import Mois
from remuneration.pilotage import figures, lectures
from remuneration.pilotage.chiffres import PUBLICS, ChiffresCles, Publication, chiffres_cles, publier
from remuneration.pilotage.figures import Lecture
from remuneration.pilotage.forms import MoisForm, PilotageForm
from remuneration.pilotage.lectures import FRANCE
from remuneration.pilotage.tableaux import Figure
from sas_platform.socle.tableurs import en_csv

DUREE_PUBLIQUE_S = 3600


@dataclass(frozen=True, slots=True)
class Choix:
    """Ce que l’on regarde : le mois, le territoire, et ceux que l’on a le droit de voir."""

    form: PilotageForm
    mois: Mois
    territoire: int | None
    noms: dict[int | None, str]


@require_safe
@never_cache
def accueil(request: RequeteDeCompte) -> HttpResponse:
    choix = _choix(request)
    if choix is None:
        return render(request, "pilotage/vide.html")
    return render(
        request,
        "pilotage/accueil.html",
        {
            "form": choix.form,
            "mois": choix.mois,
            "nom": choix.noms[choix.territoire],
            "figures": _figures(choix),
            "indicateurs": list(INDICATEURS.values()),
            "parametres": request.GET.urlencode(),
        },
    )


@require_safe
@never_cache
def donnees(request: RequeteDeCompte, code: str) -> HttpResponse:
    """Le tableau d’une figure, en CSV : les mêmes nombres que la page."""
    choix = _choix(request)
    if choix is None:
        return redirect("pilotage:accueil")
    return _csv(_figures(choix), code, choix.mois)


@require_safe
@never_cache
def cles(request: RequeteDeCompte) -> HttpResponse:
    form = _form_du_mois(request)
    if form is None:
        return render(request, "pilotage/vide.html")
    contexte = {"form": form, "chiffres": _chiffres_cles(form.mois_choisi())}
    return render(request, "pilotage/chiffres_cles.html", contexte)


@require_safe
@never_cache
def cles_donnees(request: RequeteDeCompte, code: str) -> HttpResponse:
    form = _form_du_mois(request)
    if form is None:
        return redirect("pilotage:chiffres_cles")
    lus = _chiffres_cles(form.mois_choisi())
    return _csv(lus.figures, code, lus.mois)


@require_safe
def publics(request: HttpRequest) -> HttpResponse:
    """Sans compte : les mois clos seulement, les petits nombres masqués."""
    form = _form_public(request)
    publication = _publication(form.mois_choisi()) if form else None
    contexte = {"form": form, "publication": publication, "seuil": SEUIL}
    return _pour_tous(request, render(request, "pilotage/publics.html", contexte))


@require_safe
def publics_donnees(request: HttpRequest) -> HttpResponse:
    form = _form_public(request)
    if form is None:
        return redirect("pilotage:publics")
    publication = _publication(form.mois_choisi())
    reponse = _csv([publication.territoires], publication.territoires.code, publication.mois)
    return _pour_tous(request, reponse)


# --- Ce que l’on choisit ---------------------------------------------------------


def _choix(request: RequeteDeCompte) -> Choix | None:
    """Rien si aucun mois n’est mesuré, ou si l’on n’a aucun territoire. Ce que l’on ne voit pas n’existe pas (404)."""
    noms = lectures.suivis_par(request.user, instant=timezone.now())
    mois = lectures.mois_mesures()
    if not noms or not mois:
        return None
    form = PilotageForm(request.GET, mois=mois, noms=noms)
    if not form.is_valid():
        raise Http404
    return Choix(form, form.mois_choisi(), form.territoire_choisi(), noms)


def _form_du_mois(request: HttpRequest, *, clos: bool = False) -> MoisForm | None:
    mois = [lu for lu in lectures.mois_mesures() if lu.est_clos or not clos]
    if not mois:
        return None
    form = MoisForm(request.GET, mois=mois)
    if not form.is_valid():
        raise Http404
    return form


def _form_public(request: HttpRequest) -> MoisForm | None:
    return _form_du_mois(request, clos=True)


# --- Ce que l’on lit -------------------------------------------------------------


def _figures(choix: Choix) -> list[Figure]:
    lecture = _lecture(choix)
    montrees = [figure(lecture) for figure in figures.D_UN_TERRITOIRE]
    cherchees = lectures.communes_sans_resultat(choix.mois, choix.territoire)
    fond = lectures.fond_de_carte(choix.territoire) if cherchees else []
    montrees.append(figures.communes(cherchees, fond))
    if len(choix.noms) > 1:
        de_tous = lectures.mesures(mois=[choix.mois], territoires=choix.noms)
        par_territoire = {t: de_tous.get((choix.mois, t), {}) for t in choix.noms}
        montrees.append(figures.territoires(choix.noms, par_territoire, choix.mois))
    if choix.territoire is FRANCE:
        latences = lectures.mesures(mois=[choix.mois], territoires=[FRANCE], codes=["editeur_latence"])
        lues = {**lecture.lues, **latences.get((choix.mois, FRANCE), {})}
        montrees.append(figures.editeurs(lues, dict(Editeur.objects.values_list("code", "nom"))))
    return montrees


def _lecture(choix: Choix) -> Lecture:
    compares = choix.form.compares()
    lues = lectures.mesures(mois=_annee(choix.mois), territoires=compares)
    suites = [
        {mois: mesures for (mois, numero), mesures in lues.items() if numero == territoire}
        for territoire in compares
    ]
    noms = [choix.form.comparables[territoire] for territoire in compares]
    lecture = Lecture(choix.mois, noms[0], suites[0])
    return replace(lecture, autre=noms[1], par_mois_de_l_autre=suites[1]) if len(compares) > 1 else lecture


def _chiffres_cles(mois: Mois) -> ChiffresCles:
    lues = lectures.mesures(mois=_annee(mois), territoires=[FRANCE])
    lecture = Lecture(mois, "France", {m: mesures for (m, _), mesures in lues.items()})
    return chiffres_cles(lecture, lectures.interfacages())


def _annee(mois: Mois) -> list[Mois]:
    return [mois.plus(-n) for n in range(figures.MOIS_MONTRES + 1)]


def _publication(mois: Mois) -> Publication:
    """Un SAS fermé, où rien n’a été fait, n’a pas de ligne."""
    noms = lectures.noms_des_territoires(Territoire.objects.all())
    lues = lectures.mesures(mois=[mois], territoires=[FRANCE, *noms])
    ouverts = set(Territoire.objects.operationnels(mois.suivant.premier).values_list("pk", flat=True))
    actifs = {
        t for (_, t), mesures in lues.items() if any(INDICATEURS[code].valeur(mesures) for code in PUBLICS)
    }
    montres = {t: nom for t, nom in noms.items() if t in ouverts | actifs}
    return publier(mois, lues.get((mois, FRANCE), {}), {t: lues.get((mois, t), {}) for t in montres}, montres)


# --- Ce que l’on rend ------------------------------------------------------------


def _csv(montrees: list[Figure], code: str, mois: Mois) -> HttpResponse:
    figure = next((figure for figure in montrees if figure.code == code), None)
    if figure is None:
        raise Http404
    return HttpResponse(
        en_csv(*figure.pour_csv()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="sas-{code}-{mois}.csv"'},
    )


def _pour_tous(request: HttpRequest, reponse: HttpResponse) -> HttpResponse:
    """La même page pour tout le monde se garde ; celle qui porte un menu, non."""
    contexte: dict[str, Any] = (
        {"private": True, "no_store": True}
        if request.user.is_authenticated
        else {"public": True, "max_age": DUREE_PUBLIQUE_S}
    )
    patch_cache_control(reponse, **contexte)
    return reponse
