"""Du Markdown écrit dans l’administration au HTML montré : seul passage, liste stricte de balises (W-58)."""

from __future__ import annotations

import markdown
import nh3

_BALISES = {
    "p", "br", "hr", "strong", "em", "code", "pre", "blockquote",
    "ul", "ol", "li", "a", "h2", "h3", "h4", "h5", "h6",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTS = {"a": {"href", "title"}}
_SCHEMAS = {"https", "http", "mailto", "tel"}


def en_html(texte: str, *, titre: int = 2) -> str:
    """HTML sûr d’un texte en Markdown ; `titre` est le niveau que prend un « # ».

    Le HTML écrit dans le texte n’est pas interprété : il s’affiche tel quel.
    Images, styles et scripts n’existent pas ; un lien est http(s), mailto, tel
    ou relatif.
    """
    lecteur = markdown.Markdown(
        extensions=["tables", "sane_lists", "toc"],
        extension_configs={"toc": {"baselevel": titre, "marker": ""}},
    )
    lecteur.preprocessors.deregister("html_block")
    lecteur.inlinePatterns.deregister("html")
    return nh3.clean(
        lecteur.convert(texte),
        tags=_BALISES,
        attributes=_ATTRIBUTS,
        url_schemes=_SCHEMAS,
        link_rel="noopener noreferrer",
    )
