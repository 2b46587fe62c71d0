"""L’étiquette `url` de tous les gabarits : l’adresse d’une route sans argument ne se cherche qu’une fois."""

from __future__ import annotations

from django import template
from django.template import Context, defaulttags
from django.template.base import Parser, Token

register = template.Library()


class Adresse(defaulttags.URLNode):
    """Un nom de route écrit en toutes lettres, sans argument : la même adresse tant que vit le processus."""

    _trouvee = ""

    def render(self, context: Context) -> str:
        if not self._trouvee:
            self._trouvee = super().render(context)
        return self._trouvee


@register.tag
def url(parser: Parser, token: Token) -> defaulttags.URLNode:
    noeud = defaulttags.url(parser, token)
    if noeud.args or noeud.kwargs or noeud.asvar or not isinstance(noeud.view_name.var, str):
        return noeud
    return Adresse(noeud.view_name, noeud.args, noeud.kwargs, noeud.asvar)
