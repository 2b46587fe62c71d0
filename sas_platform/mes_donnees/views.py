"""Ce que chacun peut savoir de ses propres données. Nul ne voit ici que les siennes : aucun objet n’est nommé."""

from __future__ import annotations

import msgspec
from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from comptes.actions import tracer
from comptes.models import Compte
from sas_platform.mes_donnees.export import construire
from sas_platform.mes_donnees.forms import FiltreHistoriqueForm
from sas_platform.mes_donnees.historique import presenter, recentes_d_abord, trace_concernant

PAR_PAGE = 25
ATTENTE_EXPORT_S = 60


def _compte(request: HttpRequest) -> Compte:
    assert isinstance(
        request.user, Compte
    )  # la table des routes n’ouvre ces pages qu’à une personne connectée
    return request.user


@never_cache
@require_safe
def historique(request: HttpRequest) -> HttpResponse:
    compte = _compte(request)
    filtre = FiltreHistoriqueForm(request.GET, lignes=trace_concernant(compte), compte=compte)
    page = Paginator(recentes_d_abord(filtre.filtrees()), PAR_PAGE).get_page(request.GET.get("page"))
    contexte = {
        "filtre": filtre,
        "page": page,
        "lignes": presenter(page.object_list, compte),
        "duree": settings.CONSERVATION["trace"].duree,
    }
    return render(request, "mes_donnees/historique.html", contexte)


@never_cache
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Copie de tout ce que la plateforme garde sur la personne (docs/mes-donnees.schema.json)."""
    compte, maintenant = _compte(request), timezone.now()
    if not cache.add(f"mes_donnees.export:{compte.pk}", 1, ATTENTE_EXPORT_S):
        messages.warning(
            request, "Vous venez de télécharger vos données : attendez une minute avant de recommencer."
        )
        return redirect("mes_donnees:historique")
    corps = msgspec.json.encode(construire(compte, maintenant=maintenant))
    tracer(acteur=compte, verbe="donnees.exportees", objet=f"compte:{compte.pk}")
    nom = f"mes-donnees-sas-{timezone.localdate(maintenant)}.json"
    return HttpResponse(
        msgspec.json.format(corps, indent=2),
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{nom}"'},
    )
