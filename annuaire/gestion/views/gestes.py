"""Renvoyer la bienvenue, désactiver, réactiver, supprimer : une page qui demande confirmation, un POST."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages as bandeaux
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annuaire.gestion import actions
from annuaire.gestion.portee import HorsHierarchie, deborde, geres_par
from annuaire.gestion.views.communs import acteur_de, trouver
from comptes.models import Compte


@dataclass(frozen=True, slots=True)
class Geste:
    titre: str
    question: str
    bouton: str
    fait: str
    agir: Callable[..., Any]
    est_possible: Callable[[Compte], bool]
    vaut_partout: bool = True  # agit sur tout le compte, donc sur tous ses territoires


GESTES = {
    "bienvenue": Geste(
        "Renvoyer le courriel de bienvenue",
        "Êtes-vous sûr(e) de vouloir renvoyer le mail de bienvenue à l’adresse {email} ?",
        "Renvoyer",
        "Le courriel de bienvenue est renvoyé. Le lien précédent ne vaut plus.",
        actions.renvoyer_bienvenue,
        lambda compte: compte.is_active and bool(compte.email),
        vaut_partout=False,
    ),
    "desactiver": Geste(
        "Désactiver le compte",
        "Êtes-vous sûr(e) de vouloir passer le statut à l’état « bloqué » ?",
        "Désactiver",
        "Le compte est désactivé.",
        actions.desactiver,
        lambda compte: compte.is_active,
    ),
    "reactiver": Geste(
        "Réactiver le compte",
        "Êtes-vous sûr(e) de vouloir passer le statut à l’état « actif » ?",
        "Réactiver",
        "Le compte est de nouveau actif, avec ses rôles en cours.",
        actions.reactiver,
        lambda compte: not compte.is_active,
    ),
    "supprimer": Geste(
        "Supprimer le compte",
        "Êtes-vous sûr(e) de vouloir supprimer ce compte ? Cette action est définitive.",
        "Supprimer le compte",
        "Le compte est supprimé.",
        actions.supprimer,
        lambda compte: True,
    ),
}


@never_cache
@require_http_methods(["GET", "POST"])
def geste(request: HttpRequest, compte_id: int, nom: str) -> HttpResponse:
    acteur, maintenant, choisi = acteur_de(request), timezone.now(), GESTES[nom]
    compte = trouver(request, geres_par(acteur, instant=maintenant), compte_id)
    if not choisi.est_possible(compte):
        bandeaux.info(
            request, f"Rien à faire : ce compte est {'actif' if compte.is_active else 'désactivé'}."
        )
        return redirect("gestion:compte", compte_id=compte.pk)
    if request.method == "POST":
        try:
            choisi.agir(acteur=acteur, compte_id=compte.pk, maintenant=maintenant)
        except (Compte.DoesNotExist, HorsHierarchie):
            raise Http404 from None
        except actions.CompteRefuse as refus:
            bandeaux.error(request, refus.message)
            return redirect("gestion:compte", compte_id=compte.pk)
        bandeaux.success(request, choisi.fait)
        if nom == "supprimer":
            return redirect("gestion:liste")
        return redirect("gestion:compte", compte_id=compte.pk)
    contexte = {
        "compte": compte,
        "geste": choisi,
        "nom": nom,
        "question": choisi.question.format(email=compte.email),
        "empeche": choisi.vaut_partout and deborde(acteur, compte, instant=maintenant),
    }
    return render(request, "gestion/geste.html", contexte)
