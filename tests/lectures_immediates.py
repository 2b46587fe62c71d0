"""Repère, dans les tests du navigateur, ce qui lit la page sans attendre que la réponse l’ait remplacée."""

import ast
from pathlib import Path

from tests.sources import arbre

# Ce qui ne s’écrit pas, et ce qui le remplace.
LECTURES_IMMEDIATES = {
    **dict.fromkeys(("is_visible", "is_hidden"), "expect(…).to_be_visible() ou .to_be_hidden()"),
    **dict.fromkeys(("is_checked", "is_enabled", "is_disabled", "is_editable"), "expect(…).to_be_…()"),
    **dict.fromkeys(("inner_text", "text_content", "inner_html"), "expect(…).to_have_text(…), ou texte(…)"),
    **dict.fromkeys(("all_inner_texts", "all_text_contents", "all"), "expect(…).to_have_text([…])"),
    **dict.fromkeys(("count", "query_selector", "query_selector_all"), "expect(…).to_have_count(…)"),
    **dict.fromkeys(("url", "wait_for_url"), "expect(page).to_have_url(…), ou adresse(…)"),
    **dict.fromkeys(("content", "title"), "expect(…).to_have_text(…), expect(page).to_have_title(…)"),
    **dict.fromkeys(("wait_for_timeout", "wait_for_load_state"), "attendre ce que la page doit montrer"),
    **dict.fromkeys(("expect_navigation", "reload", "go_back"), "suivre(…) ou « with page_suivante(…) »"),
    **dict.fromkeys(("new_context", "new_page"), "la fixture ouvrir_page"),
    "input_value": "expect(…).to_have_value(…)",
    "get_attribute": "expect(…).to_have_attribute(…)",
    "evaluate": "expect(…) plutôt qu’une affirmation sur evaluate(…)",
}
# Les outils qui attendent, et leurs propres tests.
HORS_REGLE = {"navigateur.py", "test_infrastructure.py", Path(__file__).name}
MESURES = "mesures"  # un banc d’essai n’affirme rien


def fautes(dossier: Path) -> list[str]:
    """Une ligne par lecture immédiate : où, laquelle, et par quoi la remplacer."""
    modules = [
        module
        for module in sorted(dossier.rglob("*.py"))
        if module.name not in HORS_REGLE and MESURES not in module.relative_to(dossier).parts
    ]
    return [
        f"{module.relative_to(dossier)}:{ligne} : « {mot} », préférer {LECTURES_IMMEDIATES[mot]}"
        for module in modules
        if ".goto(" in module.read_text()
        for ligne, mot in reperer(arbre(module))
    ]


def reperer(arbre: ast.Module) -> list[tuple[int, str]]:
    """Ligne et mot de chaque lecture immédiate, hors des fonctions qui n’ont que le client de Django."""
    trouvees = set()
    for fonction in (noeud for noeud in arbre.body if isinstance(noeud, ast.FunctionDef)):
        if "client" in (noms := {argument.arg for argument in fonction.args.args}) and "page" not in noms:
            continue
        affirmations = {id(n) for a in ast.walk(fonction) if isinstance(a, ast.Assert) for n in ast.walk(a)}
        for noeud in ast.walk(fonction):
            if not isinstance(noeud, ast.Attribute) or noeud.attr not in LECTURES_IMMEDIATES:
                continue
            if noeud.attr == "evaluate" and id(noeud) not in affirmations:
                continue
            if not _hors_de_la_page(noeud):
                trouvees.add((noeud.lineno, noeud.attr))
    return sorted(trouvees)


def _hors_de_la_page(noeud: ast.Attribute) -> bool:
    """Un compte en base, l’adresse d’une réponse déjà reçue."""
    mots = {n.attr for n in ast.walk(noeud) if isinstance(n, ast.Attribute)}
    noms = {n.id for n in ast.walk(noeud) if isinstance(n, ast.Name)}
    return "objects" in mots or not noms.isdisjoint({"reponse", "requete"})
