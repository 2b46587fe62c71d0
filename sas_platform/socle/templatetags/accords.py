"""Le filtre `pluralize` de tous les gabarits : en français, zéro est au singulier (« 0 orientation »)."""

from __future__ import annotations

from collections.abc import Sized

from django import template
from django.template import defaultfilters

register = template.Library()


@register.filter(name="pluralize", is_safe=False)
def accord(valeur: float | str | Sized, terminaisons: str = "s") -> str:
    return defaultfilters.pluralize(valeur or 1, terminaisons)
