"""Questions fréquentes, selon le profil de la personne."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from assistance.enums import Profil, profil_de
from assistance.lectures import questions_par_theme
from assistance.views.personne import compte_de

RECHERCHE_MAX = 100


@never_cache
@require_safe
def faq(request: HttpRequest) -> HttpResponse:
    compte = compte_de(request)
    profil = profil_de(compte.roles) if compte else Profil.ANONYME
    recherche = request.GET.get("q", "").strip()[:RECHERCHE_MAX]
    themes = questions_par_theme(profil, recherche)
    contexte = {
        "profil": profil,
        "recherche": recherche,
        "themes": themes,
        "nombre": sum(len(questions) for _, questions in themes),
    }
    return render(request, "assistance/faq.html", contexte)
