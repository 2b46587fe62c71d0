"""Trouver le compte visé, dans le champ de qui le vise."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from comptes.actions import tracer
from comptes.models import Compte


def acteur_de(request: HttpRequest) -> Compte:
    assert isinstance(request.user, Compte)  # `GardeDesRoutes` n’ouvre ces pages qu’à un compte
    return request.user


def trouver(request: HttpRequest, comptes: QuerySet[Compte], compte_id: int) -> Any:
    """Le compte, ou 404. Essayer le numéro d’un compte d’ailleurs se trace."""
    compte = comptes.filter(pk=compte_id).first()
    if compte is None:
        if Compte.objects.filter(pk=compte_id).exists():
            tracer(acteur=acteur_de(request), verbe="acces.refuse", objet=f"compte:{compte_id}")
        raise Http404
    return compte
