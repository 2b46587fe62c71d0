"""Requêtes dont la personne est connue (`GardeDesRoutes` ou `APourPortee` a écarté les autres), et réponses suivies."""

from collections.abc import Callable

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from comptes.models import Compte

journal = structlog.get_logger(__name__)


class RequeteDeCompte(HttpRequest):
    user: Compte


class RequeteApi(Request):
    user: Compte


class ReponseSuivie(HttpResponse):
    """Réponse que suit un travail qui n’a pas à la retarder : il se fait une fois tous ses octets remis au serveur."""

    ensuite: Callable[[], object] | None = None

    def close(self) -> None:
        ensuite, self.ensuite = self.ensuite, None
        try:
            if ensuite is not None:
                ensuite()
        except DatabaseError as erreur:
            # La réponse est partie : il n’y a plus personne à qui dire l’échec.
            journal.warning("suite_impossible", erreur=type(erreur).__name__)
        finally:
            super().close()
