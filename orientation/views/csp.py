"""Politique de sécurité des pages d’où l’on part chez un éditeur, et de celle qui montre une carte."""

from collections.abc import Callable
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpResponseBase

Vue = Callable[..., HttpResponseBase]

# Le formulaire poste chez nous, qui renvoyons chez l’éditeur, qui renvoie parfois à Pro Santé Connect :
# le navigateur applique `form-action` à toute cette chaîne, dont nous ne connaissons que le premier maillon.
DESTINATIONS = ["https:"] if settings.EST_EN_LIGNE else ["https:", "http://127.0.0.1:*"]

# Le seul hôte d’où une image peut venir d’ailleurs : celui du fond de carte, s’il est réglé.
_TUILES = urlsplit(settings.CARTE_TUILES_URL)
FONDS_DE_CARTE = [f"{_TUILES.scheme}://{_TUILES.netloc}"] if _TUILES.netloc else []

vers_les_editeurs: Callable[[Vue], Vue] = csp_update(
    {"form-action": DESTINATIONS, **({"img-src": FONDS_DE_CARTE} if FONDS_DE_CARTE else {})}
)
