"""`python -m sas_platform.demo.editeur_simule --port 8082 --annuaire praticiens.json`."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from aiohttp import web

from sas_platform.demo.editeur_simule.agenda import Praticien
from sas_platform.demo.editeur_simule.application import EditeurSimule
from sas_platform.demo.editeur_simule.pannes import Mode, Panne


def main(arguments: list[str] | None = None) -> int:
    if os.environ.get("ENVIRONNEMENT") in ("production", "preproduction"):
        print("Éditeur simulé : refusé en production et en préproduction.", file=sys.stderr)
        return 2
    options = _options(arguments)
    try:
        praticiens = lire_annuaire(options.annuaire)
    except (OSError, msgspec.DecodeError) as erreur:
        print(f"Annuaire illisible : {options.annuaire} ({erreur})", file=sys.stderr)
        return 1
    editeur = EditeurSimule(
        praticiens,
        horloge=lambda: datetime.now(UTC),
        code=options.editeur,
        graine=options.graine,
        panne=Panne.lire(options.panne),
    )
    print(f"Éditeur simulé {options.editeur} : http://127.0.0.1:{options.port}", flush=True)
    web.run_app(editeur.application(), host="127.0.0.1", port=options.port, print=None, access_log=None)
    return 0


def lire_annuaire(fichier: Path) -> list[Praticien]:
    """Praticiens écrits par le lanceur : une liste JSON. Lève `OSError` ou `msgspec.DecodeError`."""
    return msgspec.json.decode(fichier.read_bytes(), type=list[Praticien])


def _options(arguments: list[str] | None) -> argparse.Namespace:
    analyseur = argparse.ArgumentParser(prog="editeur_simule", description="Éditeur de rendez-vous simulé.")
    analyseur.add_argument("--port", type=int, required=True)
    analyseur.add_argument("--annuaire", type=Path, required=True, help="praticiens, en JSON")
    analyseur.add_argument("--graine", type=int, default=1)
    analyseur.add_argument("--editeur", default="editeur-simule", help="code affiché")
    analyseur.add_argument("--panne", choices=[mode.value for mode in Mode], default=Mode.AUCUNE.value)
    return analyseur.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
