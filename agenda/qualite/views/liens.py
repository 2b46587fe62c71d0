"""Le lien d’un éditeur : le support le donne, l’éditeur y lit sa page sans compte."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agenda.models import Editeur, LienEditeur
from agenda.qualite import actions
from agenda.qualite.fiche import fiche
from agenda.qualite.lectures import tableaux
from agenda.qualite.views.lecteur import repondre, sans_disque
from comptes.requetes import RequeteDeCompte
from sas_platform.socle.debits import depasse

PAGES_PAR_MINUTE = 60


@never_cache
@require_http_methods(["GET", "POST"])
def lien(request: RequeteDeCompte, editeur_id: int) -> HttpResponse:
    """POST crée le lien, ou le renouvelle ; son adresse ne se montre que dans cette réponse."""
    vu = get_object_or_404(Editeur, pk=editeur_id)
    adresse = ""
    if request.method == "POST":
        secret = actions.donner_un_lien(editeur=vu, acteur=request.user, maintenant=timezone.now())
        adresse = settings.URL_PUBLIQUE + reverse("qualite:page", kwargs={"secret": secret})
    liens = LienEditeur.objects.filter(editeur=vu).select_related("cree_par")
    contexte = {"editeur": vu, "adresse": adresse, "liens": liens.order_by("-cree_le", "-pk")[:10]}
    return render(request, "qualite/lien.html", contexte)


@require_POST
def revoquer(request: RequeteDeCompte, editeur_id: int) -> HttpResponse:
    vu = get_object_or_404(Editeur, pk=editeur_id)
    if actions.revoquer_le_lien(editeur=vu, acteur=request.user, maintenant=timezone.now()):
        messages.success(request, "Ce lien est révoqué\u00a0: il n’ouvre plus rien.")
    return redirect("qualite:lien", editeur_id=vu.pk)


@never_cache
@require_safe
def page(request: HttpRequest, secret: str) -> HttpResponse:
    """Sans session : le secret est la preuve. Aucun nom de personne."""
    maintenant = timezone.now()
    ouvert = _ouvrir(secret)
    if depasse("qualite", f"lien {ouvert.pk}", PAGES_PAR_MINUTE, periode_s=60):
        return _discrete(render(request, "429.html", status=429))
    (tableau,) = tableaux(Editeur.objects.filter(pk=ouvert.editeur_id), maintenant)
    contexte = {
        "tableau": tableau,
        "fiche": fiche(ouvert.editeur, maintenant),
        "secret": secret,
        "lien": ouvert,
    }
    return _discrete(render(request, "qualite/page.html", contexte))


@sans_disque
@never_cache
@require_http_methods(["GET", "POST"])
def lire(request: HttpRequest, secret: str) -> HttpResponse:
    ouvert = _ouvrir(secret)
    contexte = {"secret": secret, "editeur": ouvert.editeur}
    reponse = repondre(request, origine=f"lien {ouvert.pk}", contexte=contexte, editeur=ouvert.editeur)
    return _discrete(reponse, est_un_formulaire=True)


def _ouvrir(secret: str) -> LienEditeur:
    ouvert = actions.ouvrir_le_lien(secret, maintenant=timezone.now())
    if ouvert is None:
        raise Http404
    return ouvert


def _discrete(reponse: HttpResponse, *, est_un_formulaire: bool = False) -> HttpResponse:
    """Le chemin, qui porte le secret, ne part dans aucun `Referer`.

    L’origine seule y va : sans elle, le navigateur dirait « null » en envoyant un
    formulaire, que la protection CSRF prendrait pour celui d’un autre site.
    """
    reponse["X-Robots-Tag"] = "noindex, nofollow"
    reponse["Referrer-Policy"] = "strict-origin" if est_un_formulaire else "no-referrer"
    return reponse
