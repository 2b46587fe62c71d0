"""Espace de formation : des guides par profil, lus dans l’ordre."""

from __future__ import annotations

from pathlib import PurePosixPath

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from assistance.domaine.fichiers import nom_sur
from assistance.enums import Profil, profil_de
from assistance.lectures import pages_par_rubrique
from assistance.models import PageFormation, Ressource
from assistance.views.personne import compte_de
from assistance.views.pieces import livrer


@never_cache
@require_safe
def formation(request: HttpRequest) -> HttpResponse:
    compte = compte_de(request)
    avec_pages = PageFormation.objects.filter(est_publiee=True).values_list("profil", flat=True)
    offerts = set(avec_pages.distinct())
    contexte = {
        "profils": [profil for profil in Profil if profil in offerts],
        "sien": profil_de(compte.roles) if compte and profil_de(compte.roles) in offerts else None,
    }
    return render(request, "assistance/formation.html", contexte)


@require_safe
def formation_profil(request: HttpRequest, profil: str) -> HttpResponse:
    """Première page d’un profil."""
    if profil not in Profil.values:
        raise Http404
    rubriques = pages_par_rubrique(Profil(profil))
    if not rubriques:
        raise Http404
    return _page(request, next(iter(rubriques.values()))[0], rubriques)


@require_safe
def page_formation(request: HttpRequest, page_id: int) -> HttpResponse:
    page = get_object_or_404(PageFormation, pk=page_id, est_publiee=True)
    return _page(request, page, pages_par_rubrique(Profil(page.profil)))


def _page(
    request: HttpRequest, page: PageFormation, rubriques: dict[str, list[PageFormation]]
) -> HttpResponse:
    suite = [autre for pages in rubriques.values() for autre in pages]
    rang = suite.index(page)
    contexte = {
        "page": page,
        "rubriques": rubriques,
        "precedente": suite[rang - 1] if rang else None,
        "suivante": suite[rang + 1] if rang + 1 < len(suite) else None,
        "ressources": page.ressources.order_by("ordre", "pk"),
    }
    return render(request, "assistance/page_formation.html", contexte)


@require_safe
def document(request: HttpRequest, ressource_id: int) -> FileResponse:
    documents = Ressource.objects.exclude(fichier="").filter(page__est_publiee=True)
    ressource = get_object_or_404(documents, pk=ressource_id)
    extension = PurePosixPath(ressource.fichier.name or "").suffix
    return livrer(
        ressource.fichier, nom=nom_sur(ressource.titre + extension), type_mime="application/octet-stream"
    )
