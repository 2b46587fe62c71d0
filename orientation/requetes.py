"""Requêtes dont la personne est connue : `GardeDesRoutes` ou `APourPortee` a écarté les autres."""

from django.http import HttpRequest
from rest_framework.request import Request

from comptes.models import Compte


class RequeteDeCompte(HttpRequest):
    user: Compte


class RequeteApi(Request):
    user: Compte
