"""Filtre `markdown` des contenus, et bannières du cadre."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from annuaire.domaine.telephones import ecrire_telephone
from assistance.domaine.textes import en_html
from assistance.lectures import bannieres_affichees
from assistance.models import Banniere

register = template.Library()


@register.filter
def markdown(texte: str, titre: int = 2) -> SafeString:
    """`{{ page.contenu|markdown:3 }}` : un « # » du texte devient un titre de niveau 3."""
    return mark_safe(en_html(texte, titre=titre))  # noqa: S308 : assaini par `en_html`


@register.filter
def telephone(numero: str) -> str:
    """« +33612345678 » s’affiche « 06 12 34 56 78 »."""
    return ecrire_telephone(numero)[0] or numero


@register.simple_tag(takes_context=True)
def bannieres(context: dict[str, Any]) -> list[Banniere]:
    personne = getattr(context.get("request"), "user", None)
    connecte = personne is not None and personne.is_authenticated
    return bannieres_affichees(connecte=connecte, instant=timezone.now())
