"""Pages communes : accueil, pages légales, pages d’erreur."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from rest_framework.request import Request
from rest_framework.response import Response

from comptes.droits import peut_ouvrir
from comptes.models import Compte
from sas_platform import metriques as releve
from sas_platform import sonde
from sas_platform.conservation import REGLES
from sas_platform.socle import fhir
from sas_platform.socle.problemes import TYPE_MIME, probleme


@dataclass(frozen=True, slots=True)
class Raccourci:
    route: str
    titre: str
    detail: str


# Ce que l’accueil et le plan du site proposent, dans l’ordre ; chacun n’y voit que ce qu’il peut ouvrir.
RACCOURCIS = (
    Raccourci(
        "orientation:recherche",
        "Rechercher une offre de soins",
        "Créneaux libres d’ici trois jours autour d’une adresse.",
    ),
    Raccourci(
        "orientation:orientations",
        "Mes orientations",
        "Celles que vous avez enregistrées, pour les revoir ou les annuler.",
    ),
    Raccourci(
        "tableau:accueil",
        "Tableau de bord",
        "Disponibilités, indisponibilités et participation, lieu par lieu.",
    ),
    Raccourci(
        "ma_participation:accueil",
        "Ma participation",
        "Ce qu’elle vous ouvre comme droits, acte par acte, et ce qu’en a reçu la caisse.",
    ),
    Raccourci(
        "gestion:liste",
        "Comptes",
        "Ceux que vous suivez : rôles, états, comptes à revoir.",
    ),
    Raccourci("delegations:demandes", "Demandes de délégation", "Accorder ou refuser un délégataire."),
    Raccourci("delegations:donnees", "Mes délégataires", "Qui agit en votre nom ; en ajouter, en révoquer."),
    Raccourci("structures:liste", "Structures", "Membres, zone d’intervention, points fixes."),
    Raccourci("territoires:liste", "Territoires", "Gestionnaires, référents, rayons de recherche."),
    Raccourci(
        "caisse:periodes",
        "Espace de la caisse",
        "Fichiers des périodes closes, produits par l’un et validés par l’autre\u00a0; contestations.",
    ),
    Raccourci("bareme:regles", "Barème", "Règles de la rémunération, périodes, calculs et clôtures."),
    Raccourci(
        "pilotage:accueil", "Pilotage", "Indicateurs du SAS, mois par mois, territoire par territoire."
    ),
    Raccourci("assistance:traitement", "Demandes d’assistance", "Celles qui vous sont adressées."),
    Raccourci(
        "admin:index",
        "Administration",
        "Contenus de l’aide, bannières, habilitations, jetons de l’API, trace.",
    ),
    Raccourci(
        "mon_compte:compte", "Mon compte", "Vos rôles, vos identifiants, qui a lu ou changé vos données."
    ),
    Raccourci("assistance:formation", "Espace de formation", "Les guides de votre rôle, pas à pas."),
    Raccourci("pilotage:publics", "Indicateurs", "Ce que fait le SAS, mois par mois, dans toute la France."),
    Raccourci(
        "assistance:faq", "Foire aux questions", "Les réponses par thème, et le formulaire de contact."
    ),
    Raccourci(
        "assistance:demandes",
        "Mes demandes d’assistance",
        "Celles que vous avez envoyées, et leurs réponses.",
    ),
)


def _raccourcis(personne: Compte | AnonymousUser) -> list[Raccourci]:
    return [raccourci for raccourci in RACCOURCIS if peut_ouvrir(personne, raccourci.route)]


@never_cache
@require_safe
def accueil(request: HttpRequest) -> HttpResponse:
    personne = request.user
    roles = [] if isinstance(personne, AnonymousUser) else sorted(personne.roles)
    contexte = {
        "libelles_roles": [role.label for role in roles],
        "raccourcis": _raccourcis(personne),
    }
    return render(request, "accueil.html", contexte)


@never_cache
@require_safe
def plan(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/plan.html", {"raccourcis": _raccourcis(request.user)})


@require_safe
def donnees_personnelles(request: HttpRequest) -> HttpResponse:
    """Les durées montrées sont celles que la purge applique."""
    contexte = {"reglages": settings, "conservation": list(REGLES.values())}
    return render(request, "pages/donnees_personnelles.html", contexte)


@require_safe
def page(request: HttpRequest, gabarit: str) -> HttpResponse:
    """Page de texte, sans autre donnée que les réglages de l’exploitant."""
    return render(request, f"pages/{gabarit}.html", {"reglages": settings})


def erreur_400(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if _veut_du_json(request):
        return _probleme(request, 400, "malformee", "Demande malformée.")
    return HttpResponse(render_to_string("400.html"), status=400)


def erreur_404(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if _veut_du_json(request):
        return _probleme(request, 404, "introuvable", "Rien à cette adresse.")
    return render(request, "404.html", status=404)


class MethodeRefusee:
    """Django répond par une page blanche à qui ouvre l’adresse d’un bouton ; celle-ci dit quoi faire."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reponse = self.get_response(request)
        if isinstance(reponse, HttpResponseNotAllowed):
            reponse.content = render_to_string("405.html", request=request)
        return reponse


def erreur_csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """`CSRF_FAILURE_VIEW` : celle de Django parle de réglages, en style en ligne que la CSP refuse."""
    return render(request, "403.html", status=403)


def erreur_500(request: HttpRequest) -> HttpResponse:
    """Panne : 503 si la base ne répond pas, 500 sinon. Ne lit ni session ni compte."""
    panne_de_base = isinstance(sys.exc_info()[1], (OperationalError, InterfaceError))
    etat = 503 if panne_de_base else 500
    if _veut_du_json(request):
        code, detail = (
            ("indisponible", "La base de données ne répond pas.")
            if panne_de_base
            else ("interne", "Erreur inattendue.")
        )
        reponse = _probleme(request, etat, code, detail)
    else:
        contexte = {"identifiant_requete": getattr(request, "identifiant", "inconnue")}
        reponse = HttpResponse(render_to_string(f"{etat}.html", contexte), status=etat)
    if panne_de_base:
        reponse.headers["Retry-After"] = "30"
    reponse.headers["Cache-Control"] = "no-store"
    return reponse


def _veut_du_json(request: HttpRequest) -> bool:
    return request.path.startswith(("/api/", "/fhir/"))


def _probleme(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    if request.path.startswith("/fhir/"):
        return fhir.echec(status, detail)
    return JsonResponse(
        probleme(status=status, code=code, detail=detail),
        status=status,
        content_type=TYPE_MIME,
        json_dumps_params={"ensure_ascii": False},
    )


@never_cache
@require_safe
def sante(request: HttpRequest) -> JsonResponse:
    etat = sonde.lire(maintenant=timezone.now())
    return JsonResponse(etat, status=200 if etat["statut"] == "ok" else 503)


@never_cache
@require_safe
def metriques(request: HttpRequest) -> HttpResponse:
    """Au format de Prometheus ; ce qu’on ne peut lire n’existe pas."""
    if not releve.admis(request):
        raise Http404
    mesures = generate_latest(releve.registre(timezone.now()))
    return HttpResponse(mesures, content_type=CONTENT_TYPE_LATEST)


class Schema(SpectacularAPIView):
    """Sans `lang` ni `version` : l’un chargerait un catalogue par valeur, l’autre se recopie dans un en-tête."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._get_schema_response(request)

    def _get_version_parameter(self, request: Request) -> None:
        return None
