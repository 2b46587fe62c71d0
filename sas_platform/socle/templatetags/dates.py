"""Le filtre `date` de tous les gabarits, qui écrit « 1er juin » là où celui de Django écrit « 1 juin »."""

from __future__ import annotations

from datetime import date, datetime

from django import template
from django.template import defaultfilters

register = template.Library()

JOUR_ET_MOIS = "j F"


@register.filter(name="date", expects_localtime=True, is_safe=False)
def date_francaise(valeur: date | datetime | None, forme: str | None = None) -> str:
    ecrite = defaultfilters.date(valeur, forme)
    if forme and JOUR_ET_MOIS in forme and getattr(valeur, "day", None) == 1:
        return ecrite.replace("1 ", "1er ", 1)
    return ecrite
