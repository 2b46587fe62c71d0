"""Où vivent les données de la démonstration, et ce qu’elle retient d’une fois sur l’autre."""

import fcntl
import hashlib
import json
import os
import shlex
import shutil
from collections.abc import Iterable
from pathlib import Path

RACINE = Path(__file__).resolve().parents[2]
# SAS_VAR met les données ailleurs que dans le dépôt : deux démonstrations d’un même dossier, un essai.
VAR = Path(os.environ.get("SAS_VAR") or RACINE / "var")
JOURNAUX = VAR / "journaux"
STATIQUES = VAR / "static"
ENV = VAR / "env"
PLACE_MINIMALE_MO = 700


class ErreurLancement(Exception):
    """Ce qui empêche de démarrer, dit à qui lance la commande, avec le remède."""


class Verrou:
    """Une seule démonstration par dossier. Le noyau le relâche si le processus est tué."""

    def __init__(self, fichier: Path = VAR / "verrou", quoi: str = "une démonstration") -> None:
        self.fichier = fichier
        self.quoi = quoi

    def prendre(self) -> None:
        self._flux = self.fichier.open("a+")
        try:
            fcntl.flock(self._flux, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._flux.seek(0)
            qui = self._flux.read().strip() or "processus inconnu"
            self.rendre()
            raise ErreurLancement(
                f"{self.quoi} tourne déjà dans ce dossier ({qui}).\n"
                "Arrêtez-la d’abord : Ctrl-C dans son terminal, ou kill de ce processus."
            ) from None

    def rendre(self) -> None:
        self._flux.close()

    def signer(self, texte: str) -> None:
        self._flux.seek(0)
        self._flux.truncate()
        self._flux.write(f"processus {os.getpid()}, {texte}")
        self._flux.flush()


def preparer_var() -> None:
    """Crée `var/` et vérifie qu’on peut y écrire et qu’il reste de la place."""
    try:
        JOURNAUX.mkdir(parents=True, exist_ok=True)
        temoin = VAR / ".temoin"
        temoin.write_text("écriture possible")
        temoin.unlink()
    except OSError as erreur:
        raise ErreurLancement(
            f"impossible d’écrire dans {VAR} ({erreur.strerror}).\n"
            "Si une autre personne (root ?) a lancé la démonstration ici, rendez-vous le dossier "
            f"(sudo chown -R $(id -u) {shlex.quote(str(VAR))}) ou clonez le dépôt ailleurs."
        ) from erreur
    libre_mo = shutil.disk_usage(VAR).free // 1_000_000
    if libre_mo < PLACE_MINIMALE_MO:
        raise ErreurLancement(
            f"il reste {libre_mo} Mo sur le disque de {VAR} ; il en faut au moins {PLACE_MINIMALE_MO}."
        )


def lire_env(fichier: Path = ENV) -> dict[str, str]:
    """Variables de `var/env` ; vide si le fichier manque. Une ligne illisible est une erreur."""
    if not fichier.is_file():
        return {}
    variables = {}
    for ligne in fichier.read_text().splitlines():
        if not ligne or ligne.startswith("#"):
            continue
        nom, egal, valeur = ligne.partition("=")
        mots = shlex.split(valeur)
        if not egal or len(mots) > 1:
            raise ErreurLancement(f"ligne illisible dans {fichier} : {nom}. Relancez avec --reinitialiser.")
        variables[nom] = mots[0] if mots else ""
    return variables


def ecrire_env(variables: dict[str, str], fichier: Path = ENV) -> None:
    """Écrit `var/env`, lisible du seul propriétaire, d’un coup : jamais à moitié."""
    brouillon = fichier.with_suffix(".nouveau")
    brouillon.unlink(missing_ok=True)
    descripteur = os.open(brouillon, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descripteur, "w") as flux:
        flux.write("# Écrit par ./bin/demo. Pour une commande à la main : set -a; . var/env; set +a\n")
        flux.writelines(f"{nom}={shlex.quote(valeur)}\n" for nom, valeur in sorted(variables.items()))
    brouillon.replace(fichier)


class Jalon:
    """Ce qui a déjà été fait, et sur quelle matière ; à refaire si elle a changé."""

    def __init__(self, nom: str) -> None:
        self.fichier = VAR / f"jalon-{nom}.json"

    def lire(self) -> dict[str, str]:
        """Matière du dernier passage achevé ; vide s’il n’y en a pas eu."""
        try:
            return dict(json.loads(self.fichier.read_text()))
        except (OSError, ValueError):
            return {}

    def vaut(self, matiere: dict[str, str]) -> bool:
        return self.lire() == matiere

    def poser(self, matiere: dict[str, str]) -> None:
        self.fichier.write_text(json.dumps(matiere))

    def lever(self) -> None:
        self.fichier.unlink(missing_ok=True)


def empreinte_fichiers(chemins: Iterable[Path]) -> str:
    """Empreinte du nom et du contenu de chaque fichier, dossiers parcourus."""
    somme = hashlib.sha256()
    for chemin in sorted(chemins):
        for fichier in sorted(chemin.rglob("*")) if chemin.is_dir() else [chemin]:
            if fichier.is_file() and "__pycache__" not in fichier.parts:
                somme.update(f"{fichier.relative_to(RACINE)}\0".encode())
                somme.update(hashlib.sha256(fichier.read_bytes()).digest())
    return somme.hexdigest()
