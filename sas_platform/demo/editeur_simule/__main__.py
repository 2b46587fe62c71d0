"""`python -m sas_platform.demo.editeur_simule --port 8082 --annuaire clients.json`.

`--jeu kit` sert les données que demande le kit de test de l’ANS ; `--port 8082
--reinitialiser` remet à neuf l’éditeur qui tourne sur ce port.
"""

from __future__ import annotations

import argparse
import os
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from aiohttp import web

from sas_platform.demo.certificats import SYSTEME
from sas_platform.demo.editeur_simule.application import EditeurSimule
from sas_platform.demo.editeur_simule.pannes import Mode, Panne
from sas_platform.demo.editeur_simule.rendez_vous import Retour, contexte_tls
from sas_platform.demo.editeur_simule.titulaires import Annuaire


def main(arguments: list[str] | None = None) -> int:
    if os.environ.get("ENVIRONNEMENT") in ("production", "preproduction"):
        print("Éditeur simulé : refusé en production et en préproduction.", file=sys.stderr)
        return 2
    options = _options(arguments)
    if options.reinitialiser:
        return reinitialiser(options.port, options.jeu)
    try:
        editeur = _editeur(options)
    except msgspec.DecodeError as erreur:
        print(f"Annuaire ou mémoire illisible : {options.annuaire} ({erreur})", file=sys.stderr)
        return 1
    except OSError as erreur:
        print(f"Fichier illisible : {erreur.filename or options.certificats} ({erreur})", file=sys.stderr)
        return 1
    if options.jeu:
        editeur.jouer(options.jeu)
    print(f"Éditeur simulé {options.editeur} : http://127.0.0.1:{options.port}", flush=True)
    web.run_app(editeur.application(), host="127.0.0.1", port=options.port, print=None, access_log=None)
    return 0


def _editeur(options: argparse.Namespace) -> EditeurSimule:
    return EditeurSimule(
        lire_annuaire(options.annuaire) if options.annuaire else Annuaire(),
        horloge=lambda: datetime.now(UTC),
        code=options.editeur,
        graine=options.graine,
        panne=Panne.lire(options.panne),
        retour=_retour(options),
        memoire=options.memoire,
    )


def lire_annuaire(fichier: Path) -> Annuaire:
    """Clients écrits par le lanceur, en JSON. Lève `OSError` ou `msgspec.DecodeError`."""
    return msgspec.json.decode(fichier.read_bytes(), type=Annuaire)


def reinitialiser(port: int, jeu: str | None) -> int:
    """Demande à l’éditeur qui tourne sur ce port de tout oublier."""
    corps = msgspec.json.encode({"jeu": jeu} if jeu else {})
    requete = urllib.request.Request(
        f"http://127.0.0.1:{port}/commandes/reinitialiser",
        data=corps,
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(requete, timeout=10) as reponse:
            print(f"Remis à neuf : {reponse.read().decode()}")
    except (urllib.error.URLError, TimeoutError) as erreur:
        print(f"Aucun éditeur simulé ne répond sur le port {port} ({erreur}).", file=sys.stderr)
        return 1
    return 0


def _retour(options: argparse.Namespace) -> Retour | None:
    if not options.retour:
        return None
    tls = contexte_tls(options.certificats, options.editeur) if options.certificats else None
    return Retour(options.retour.rstrip("/"), f"{SYSTEME}{options.editeur}", tls)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    analyseur = argparse.ArgumentParser(prog="editeur_simule", description="Éditeur de rendez-vous simulé.")
    analyseur.add_argument("--port", type=int, required=True)
    analyseur.add_argument("--annuaire", type=Path, help="praticiens et associations, en JSON")
    analyseur.add_argument("--jeu", choices=["demonstration", "kit"], help="données servies")
    analyseur.add_argument(
        "--reinitialiser", action="store_true", help="remet à neuf l’éditeur qui tourne sur ce port, et sort"
    )
    analyseur.add_argument("--graine", type=int, default=1)
    analyseur.add_argument("--editeur", default="editeur-simule", help="code affiché")
    analyseur.add_argument("--retour", default="", help="adresse FHIR où annoncer les rendez-vous")
    analyseur.add_argument("--certificats", default="", help="dossier du certificat client présenté")
    analyseur.add_argument("--memoire", type=Path, help="fichier où les comptes survivent à un arrêt")
    analyseur.add_argument("--panne", choices=[mode.value for mode in Mode], default=Mode.AUCUNE.value)
    return analyseur.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
