"""Les modules du projet, lus comme des arbres : ce que les règles d’écriture vérifient."""

import ast
import gc
from functools import cache
from pathlib import Path


@cache
def arbre(module: Path) -> ast.Module:
    """Arbre syntaxique d’un module, partagé : ne pas le modifier.

    Le ramasse-miettes attend : avant Python 3.11.8, un objet qui formate une
    trace en mourant fait échouer la lecture en cours (python/cpython#106905).
    """
    source = module.read_text()
    gc.disable()
    try:
        return ast.parse(source, filename=str(module))
    finally:
        gc.enable()
