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


def hote_du_fond_de_carte(url: str) -> list[str]:
    """Le seul hôte d’où une image peut venir d’ailleurs, s’il est réglé ; `url` est un modèle d’adresse de tuile."""
    lue = urlsplit(url)
    return [f"{lue.scheme}://{lue.netloc}"] if lue.netloc else []


vers_les_editeurs: Callable[[Vue], Vue] = csp_update(
    {"form-action": DESTINATIONS, "img-src": hote_du_fond_de_carte(settings.CARTE_TUILES_URL)}
)
