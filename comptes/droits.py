"""Qui peut quoi : une table, lue par les vues, par l’API, par les menus et par le test de la matrice."""

from __future__ import annotations

import enum
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponseBase

from comptes.enums import Role

if TYPE_CHECKING:
    from comptes.models import Compte

Vue = Callable[..., HttpResponseBase]


class Acces(enum.Enum):
    PUBLIC = "public"
    CONNECTE = "connecte"


PUBLIC = Acces.PUBLIC
CONNECTE = Acces.CONNECTE

# L’administrateur et le gestionnaire de comptes voient sans orienter (S-03) : l’acte est celui d’un régulateur.
PEUT_ORIENTER = frozenset({Role.OSNP, Role.REGULATEUR, Role.IOA})
PEUT_CHERCHER = PEUT_ORIENTER | {Role.ADMINISTRATEUR, Role.GESTIONNAIRE_COMPTES}
# Orienter en sus des disponibilités (O-04) : la régulation, non l’accueil des urgences.
PEUT_ORIENTER_EN_SUS = frozenset({Role.OSNP, Role.REGULATEUR})
ADMINISTRE = frozenset({Role.ADMINISTRATEUR})

# Nom de route → qui y accède. Une route absente d’ici fait échouer tests/test_projet.py.
DROITS: dict[str, frozenset[Role] | Acces] = {
    "accueil": PUBLIC,
    "mentions_legales": PUBLIC,
    "donnees_personnelles": PUBLIC,
    "accessibilite": PUBLIC,
    "sante": PUBLIC,
    "comptes:connexion": PUBLIC,
    "comptes:oidc_depart": PUBLIC,
    "comptes:oidc_retour": PUBLIC,
    "comptes:deconnexion": PUBLIC,
    "api:schema": PUBLIC,
    "api:docs": PUBLIC,
    "api:recherches": PEUT_CHERCHER,
    "api:orientations": PEUT_ORIENTER,
    "api:orientation": PEUT_ORIENTER,
    "api:orientation_annulation": PEUT_ORIENTER,
    "orientation:recherche": PEUT_CHERCHER,
    "orientation:suggestions_quoi": PEUT_CHERCHER,
    "orientation:suggestions_ou": PEUT_CHERCHER,
    "orientation:resultats": PEUT_CHERCHER,
    "orientation:orientations": PEUT_ORIENTER,
    "orientation:orienter": PEUT_ORIENTER,
    "orientation:orienter_en_sus": PEUT_ORIENTER_EN_SUS,
    "orientation:orientation": PEUT_ORIENTER,
    "orientation:annulation": PEUT_ORIENTER,
    "orientation:rediriger": PEUT_ORIENTER,
    # Tout l’espace de noms de l’administration de Django.
    "admin:*": ADMINISTRE,
}


def regle(route: str) -> frozenset[Role] | Acces:
    """Règle d’une route. Lève `KeyError` si la table l’ignore."""
    espace, deux_points, _ = route.partition(":")
    if deux_points and f"{espace}:*" in DROITS:
        return DROITS[f"{espace}:*"]
    return DROITS[route]


def peut(compte: Compte | AnonymousUser, route: str) -> bool:
    """Vrai si ce compte accède à cette route ; une route inconnue n’est ouverte à personne."""
    try:
        admis = regle(route)
    except KeyError:
        return False
    if admis is PUBLIC:
        return True
    if isinstance(compte, AnonymousUser) or not compte.is_active:
        return False
    return admis is CONNECTE or (isinstance(admis, frozenset) and compte.a_un_role(admis))


def reserve_a(*roles: Role) -> Callable[[Vue], Vue]:
    """Ferme une vue à qui n’a aucun de ces rôles : ce qu’on ne peut voir n’existe pas (404).

    L’anonyme n’arrive pas jusqu’ici : `LoginRequiredMiddleware` l’a envoyé se connecter.
    """
    admis = frozenset(roles)

    def decorer(vue: Vue) -> Vue:
        @wraps(vue)
        def gardee(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if isinstance(request.user, AnonymousUser) or not request.user.a_un_role(admis):
                raise Http404
            return vue(request, *args, **kwargs)

        return gardee

    return decorer
