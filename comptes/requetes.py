"""Requête dont la personne est connue : `GardeDesRoutes` a écarté les anonymes."""

from django.http import HttpRequest

from comptes.models import Compte


class RequeteDeCompte(HttpRequest):
    user: Compte
