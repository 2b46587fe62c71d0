"""Les filtres `date` et `time` de tous les gabarits : « 1er juin » et non « 1 juin », « 14 h 05 » et non « 14:05 »."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from django import template
from django.template import defaultfilters

from sas_platform.socle.francais import heure

register = template.Library()

JOUR_ET_MOIS = "j F"
HEURE = "H:i"
# Signe qui n’est le code d’aucun élément de date.
_PLACE = "\ufffc"


@register.filter(name="date", expects_localtime=True, is_safe=False)
def date_francaise(valeur: date | None, forme: str | None = None) -> str:
    return _ecrire(defaultfilters.date, valeur, forme)


@register.filter(name="time", expects_localtime=True, is_safe=False)
def heure_francaise(valeur: time | datetime | None, forme: str | None = None) -> str:
    return _ecrire(defaultfilters.time, valeur, forme)


def _ecrire(filtre: Callable[[Any, str | None], Any], valeur: date | time | None, forme: str | None) -> str:
    if forme is None or valeur is None:
        return str(filtre(valeur, forme))
    ecrite = str(filtre(valeur, forme.replace(HEURE, _PLACE)))
    if JOUR_ET_MOIS in forme and isinstance(valeur, date) and valeur.day == 1:
        ecrite = ecrite.replace("1 ", "1er ", 1)
    return ecrite.replace(_PLACE, heure(valeur)) if isinstance(valeur, (datetime, time)) else ecrite
