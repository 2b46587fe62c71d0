"""L’import d’une extraction RPPS entière, dans une base neuve."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from tests.mesures.lignes import Budget, Ligne, dire
from tests.mesures.reglages import Reglages
from tests.mesures.serveur import RACINE, environnement, url_de_la_base

LIGNES_DU_BUDGET = 2_000_000
DUREE_MAX_S = 600
MEMOIRE_MAX_MO = 500


def import_rpps(reglages: Reglages) -> Iterator[Ligne]:
    """Le plancher lit le même fichier et en coupe les colonnes ; le budget de durée suit le nombre de lignes."""
    lignes = reglages.lignes_rpps
    with tempfile.TemporaryDirectory(prefix="sas-mesures-") as dossier, _base_neuve() as base:
        fichier = Path(dossier) / "PS_LibreAcces_Personne_activite.txt"
        dire(f"extraction fictive de {lignes} lignes")
        call_command("generer_extraction_rpps", str(fichier), lignes=lignes, stdout=sys.stderr)
        _gerer(base, "migrate", "--no-input", "-v0")
        _gerer(base, "importer_communes", "--ecrire")
        plancher_s = _lire_et_couper(fichier)
        duree_s, memoire_mo = _gerer(base, "importer_rpps", str(fichier), "--ecrire")
    yield Ligne(
        "import_rpps_debit",
        lignes / duree_s,
        "lignes/s",
        n=lignes,
        plancher=lignes / plancher_s,
        budget=Budget(min=LIGNES_DU_BUDGET / DUREE_MAX_S),
        debit=True,
    )
    yield Ligne(
        "import_rpps_duree",
        duree_s,
        "s",
        n=lignes,
        plancher=plancher_s,
        budget=Budget(max=DUREE_MAX_S * lignes / LIGNES_DU_BUDGET),
    )
    yield Ligne("import_rpps_memoire", memoire_mo, "Mo", n=lignes, budget=Budget(max=MEMOIRE_MAX_MO))


def _lire_et_couper(fichier: Path) -> float:
    debut = time.perf_counter()
    with fichier.open(encoding="utf-8", newline="") as flux:
        for ligne in flux:
            ligne.split("|")
    return time.perf_counter() - debut


def _gerer(base: str, *arguments: str) -> tuple[float, float]:
    """Joue une commande sur cette base ; rend sa durée (s) et sa mémoire la plus haute (Mo)."""
    debut = time.perf_counter()
    processus = subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=RACINE,
        env=environnement(DATABASE_URL=url_de_la_base(base)),
        stdout=sys.stderr.fileno(),
    )
    _, etat, usage = os.wait4(processus.pid, 0)
    processus.returncode = os.waitstatus_to_exitcode(etat)
    if processus.returncode:
        raise RuntimeError(f"{arguments[0]} a échoué (code {processus.returncode})")
    return time.perf_counter() - debut, usage.ru_maxrss / 1024


@contextmanager
def _base_neuve() -> Iterator[str]:
    """Une base à côté de celle de la série, effacée en sortant : l’import n’y rencontre que lui-même."""
    nom = f"{connection.settings_dict['NAME']}_rpps"
    cite = connection.ops.quote_name(nom)
    with connection.cursor() as curseur:
        curseur.execute(f"DROP DATABASE IF EXISTS {cite} WITH (FORCE)")
        curseur.execute(f"CREATE DATABASE {cite} TEMPLATE template0")
        try:
            yield nom
        finally:
            curseur.execute(f"DROP DATABASE IF EXISTS {cite} WITH (FORCE)")
