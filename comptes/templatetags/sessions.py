"""Étiquettes de la session : ce qu’il en reste, et l’exercice au titre duquel on agit."""

from typing import Any

from django import template
from django.conf import settings
from django.utils import timezone

from comptes import preuve, sessions
from comptes.domaine.identite import Exercice
from comptes.models import Compte

register = template.Library()


@register.simple_tag(takes_context=True)
def session_ouverte(context: dict[str, Any]) -> dict[str, int] | None:
    """`{% session_ouverte as ouverte %}` : secondes restantes, et combien avant la fin prévenir."""
    request = context.get("request")
    compte = getattr(request, "user", None)
    if request is None or not isinstance(compte, Compte):
        return None
    reste = sessions.reste(request, compte, maintenant=timezone.now())
    return {
        "inactivite_s": reste.inactivite_s,
        "absolue_s": reste.absolue_s,
        "alerte_s": settings.SESSION_ALERTE_S,
    }


@register.simple_tag(takes_context=True)
def exercice_a_changer(context: dict[str, Any]) -> Exercice | None:
    """`{% exercice_a_changer as exercice %}` : l’exercice choisi, si la personne en a plusieurs."""
    request = context.get("request")
    if request is None or len(preuve.exercices(request.session)) < 2:
        return None
    return preuve.exercice_choisi(request.session)
