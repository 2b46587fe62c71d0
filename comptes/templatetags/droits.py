"""Étiquette `peut` : un gabarit ne montre que ce que la personne peut ouvrir."""

from typing import Any

from django import template
from django.contrib.auth.models import AnonymousUser

from comptes import droits

register = template.Library()


@register.simple_tag(takes_context=True)
def peut(context: dict[str, Any], route: str) -> bool:
    """`{% peut "orientation:recherche" as cherche %}` ; suit la table `droits.ROUTES`."""
    request = context.get("request")
    return droits.peut_ouvrir(getattr(request, "user", None) or AnonymousUser(), route)
