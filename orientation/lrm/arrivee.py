"""L’arrivée d’un appel : déposer, s’identifier, chercher ou compléter."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from comptes.droits import peut
from comptes.enums import Action
from orientation import carnet
from orientation.domaine.appel_lrm import PAS_UTF8, est_un_appel, lire
from orientation.enums import Entree, IssueLRM
from orientation.forms import RechercheForm
from orientation.lrm import depots, saisies
from orientation.lrm.comprehension import Compris, comprendre, logiciel_de, nom_a_corriger
from orientation.models import ArriveesLRM

# Sans barre finale, Django redirigerait l’adresse vers elle-même, pour toujours ; l’autre est celle de L-01.
AUTRES_CHEMINS = ("/recherche", "/sas/recherche")


class AppelsDesLRM:
    """Ôte de l’URL de la recherche les paramètres d’un LRM, avant que quiconque y lise.

    Avant `GardeDesRoutes`, qui en ferait la page à rouvrir après la connexion :
    l’adresse passerait dans une seconde URL, puis chez Pro Santé Connect.
    """

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        appel = _appel(request) if request.path_info in AUTRES_CHEMINS else None
        reponse: HttpResponseBase = appel or self.get_response(request)
        return reponse

    def process_view(self, request: HttpRequest, *args: Any) -> HttpResponse | None:
        route = request.resolver_match.view_name if request.resolver_match else ""
        return _appel(request) if route == "orientation:recherche" else None


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def depot(request: HttpRequest) -> HttpResponse:
    """Le même appel par POST : l’adresse n’est dans aucune URL, aucun historique (lien profond, v2).

    Sans jeton CSRF : un autre site l’envoie. Il n’agit au nom de personne, n’ouvre
    aucune session, et ne donne rien à lire à qui l’a envoyé. En GET, un appel est entendu aussi, et
    son adresse quitte l’URL ; sans appel (retour arrière, signet), c’est la recherche.
    """
    if request.method == "HEAD":
        return _apercu()
    if not est_un_appel(list(request.POST if request.method == "POST" else request.GET)):
        messages.info(request, "Le logiciel de régulation n’a rien transmis. Voici la recherche.")
        return redirect("orientation:recherche")
    return depots.deposer(_parametres(request))


def _appel(request: HttpRequest) -> HttpResponse | None:
    if request.method not in ("GET", "HEAD") or not est_un_appel(list(request.GET)):
        return None
    return _apercu() if request.method == "HEAD" else depots.deposer(_parametres(request))


def _apercu() -> HttpResponse:
    """Un aperçu de lien : rien à déposer."""
    reponse = HttpResponse(status=204)
    depots.sans_trace(reponse)
    return reponse


@never_cache
@require_safe
def arrivee(request: HttpRequest, numero: str) -> HttpResponse:
    """S’identifier s’il le faut, puis les résultats, ou le formulaire à compléter.

    Ouverte à tous parce qu’elle choisit le chemin de la connexion ; sans le
    cookie du dépôt, elle ne dit rien.
    """
    parametres = depots.lire(request, numero)
    if parametres is None:
        messages.info(
            request,
            "Cette recherche a déjà été ouverte, ou elle a expiré. "
            "Relancez-la depuis votre logiciel, ou remplissez le formulaire.",
        )
        return redirect("orientation:recherche")
    if isinstance(request.user, AnonymousUser):
        return _s_identifier(request, lire(parametres).origine)
    if not peut(request.user, Action.CHERCHER):
        raise Http404
    reponse = _chercher(request, comprendre(lire(parametres)))
    depots.effacer(request, reponse)
    return reponse


def _parametres(request: HttpRequest) -> dict[str, list[str]]:
    """Ceux de la requête, relus dans l’encodage de Windows si l’UTF-8 n’y suffit pas."""
    donnees: QueryDict = request.POST if request.method == "POST" else request.GET
    if any(PAS_UTF8 in valeur for valeurs in dict(donnees.lists()).values() for valeur in valeurs):
        request.encoding = "cp1252"
        donnees = request.POST if request.method == "POST" else request.GET
    return {nom: [str(valeur) for valeur in valeurs] for nom, valeurs in donnees.lists()}


def _s_identifier(request: HttpRequest, origine: str) -> HttpResponse:
    """Droit à Pro Santé Connect, dont la session est souvent déjà ouverte par le logiciel ; sinon la page de connexion."""
    logiciel = logiciel_de(origine)
    direct = logiciel is not None and logiciel.est_actif and logiciel.sso_psc
    depart = reverse("comptes:oidc_depart" if direct else "comptes:connexion")
    return redirect(f"{depart}?{urlencode({'next': request.path})}")


def _chercher(request: HttpRequest, compris: Compris) -> HttpResponse:
    """Les résultats si tout ce qu’il faut est compris ; jamais un retour muet à l’accueil."""
    form = RechercheForm(compris.donnees)
    if compris.origine_admise and form.is_valid() and not compris.erreurs:
        avis = {"avis": tuple(compris.avis), **nom_a_corriger(compris)}
        jeton = carnet.garder(request.session, form.recherche().avec(entree=Entree.LRM.value, **avis))
        _compter(compris, compris.issue_des_resultats)
        return redirect("orientation:resultats", jeton=jeton)
    _compter(compris, IssueLRM.A_COMPLETER if compris.origine_admise else IssueLRM.ORIGINE_REFUSEE)
    jeton = saisies.garder(request.session, compris)
    return redirect(f"{reverse('orientation:recherche')}?{urlencode({'lrm': jeton})}")


def _compter(compris: Compris, issue: IssueLRM) -> None:
    jour = timezone.localdate(timezone.now())
    ArriveesLRM.objects.compter(logiciel=compris.logiciel, issue=issue, jour=jour)
