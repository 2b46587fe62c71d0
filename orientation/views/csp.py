"""Politique de sécurité des pages d’où l’on part chez un éditeur."""

from collections.abc import Callable

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpResponseBase

Vue = Callable[..., HttpResponseBase]

# Le formulaire poste chez nous, qui renvoyons chez l’éditeur, qui renvoie parfois à Pro Santé Connect :
# le navigateur applique `form-action` à toute cette chaîne, dont nous ne connaissons que le premier maillon.
DESTINATIONS = ["https:"] if settings.EST_EN_LIGNE else ["https:", "http://127.0.0.1:*"]

vers_les_editeurs: Callable[[Vue], Vue] = csp_update({"form-action": DESTINATIONS})
