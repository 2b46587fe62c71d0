"""Installe les paquets verrouillés dans .venv et node_modules, sans droits d’administrateur.

Lancé par bin/ avec le Python du système, avant que rien ne soit installé :
bibliothèque standard seulement. Un passage déjà fait se reconnaît à une
empreinte et ne coûte qu’un instant.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RACINE = Path(__file__).resolve().parents[2]
AMORCE = RACINE / ".boot"
ENVIRONNEMENT_PYTHON = RACINE / ".venv"
VERROUS = RACINE / "requirements"
VERROU_NPM = RACINE / "package-lock.json"
MODULES = RACINE / "node_modules"
CHANTIER = ENVIRONNEMENT_PYTHON / ".en-cours"  # présent : l’installation n’est pas allée au bout
# Ce que contient chaque fichier : qui a installé « dev » a aussi « demo ».
COUVERT_PAR = {"demo": ["demo", "dev"], "dev": ["dev"]}

SIGNES_SANS_RESEAU = (
    "dns error",
    "error sending request",
    "failed to lookup address",
    "Temporary failure in name resolution",
    "Failed to establish a new connection",
    "Network is unreachable",
    "Connection refused",
    "tcp connect error",
    "timed out",
    "(from versions: none)",
    "ENOTFOUND",
    "ECONNREFUSED",
    "EAI_AGAIN",
    "ETIMEDOUT",
)
SIGNES_PLATEFORME = (
    "no wheels with a matching",
    "no wheel",
    "doesn't have a source distribution or wheel for the current platform",
    "is not a supported wheel on this platform",
)


class ErreurInstallation(Exception):
    """Message prêt à être lu par qui lance la commande."""


def main() -> int:
    profil = sys.argv[1]
    try:
        with _seul():
            if not _deja_installe(profil):
                _etape("outil d’installation", _preparer_uv)
                _etape(f"paquets Python ({profil})", lambda: _installer(profil))
            if _lire(MODULES / ".installe") != _empreinte_npm():
                _etape("paquets JavaScript", _installer_modules)
    except ErreurInstallation as erreur:
        print(f"\nErreur : {erreur}", file=sys.stderr)
        return 1
    except OSError as erreur:
        print(f"\nErreur : installation impossible dans {RACINE} : {erreur}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInstallation interrompue ; relancez la même commande.", file=sys.stderr)
        return 130
    return 0


def empreinte(profil: str) -> str:
    """Change avec les versions verrouillées, la version de Python et l’emplacement du dépôt."""
    somme = hashlib.sha256((VERROUS / f"{profil}.txt").read_bytes())
    somme.update(f"{sys.version_info[:2]} {RACINE}".encode())
    return somme.hexdigest()


def diagnostiquer(journal: str) -> str:
    """Traduit la sortie de pip, de uv ou de npm en une cause et un remède."""
    if any(signe in journal for signe in SIGNES_PLATEFORME):
        cause = (
            f"un paquet n’existe pas pour cette plateforme ({sys.platform}, {os.uname().machine}, "
            f"Python {sys.version_info[0]}.{sys.version_info[1]}).\n"
            "Plateformes prises en charge : Linux x86_64 ou aarch64 avec glibc 2.28 ou plus, macOS arm64 ; "
            "ailleurs, utilisez docker-compose.yml."
        )
    elif any(signe in journal for signe in SIGNES_SANS_RESEAU):
        cause = (
            "le registre de paquets ne répond pas : pas de réseau, ou un mandataire à déclarer "
            "(HTTPS_PROXY ; UV_DEFAULT_INDEX pour Python, npm_config_registry pour JavaScript)."
        )
    elif "No space left on device" in journal:
        cause = "le disque est plein ; il faut environ 1 Go."
    elif "EINTEGRITY" in journal or ("hash" in journal.lower() and "mismatch" in journal.lower()):
        cause = "un paquet reçu n’a pas l’empreinte attendue : registre altéré ou mandataire qui réécrit."
    else:
        cause = "l’installation des paquets a échoué."
    return f"{cause}\nDernières lignes :\n{_dernieres_lignes(journal)}"


@contextmanager
def _seul() -> Iterator[None]:
    """Une seule installation à la fois dans ce dossier : les autres attendent."""
    AMORCE.mkdir(exist_ok=True)
    with (AMORCE / "verrou").open("w") as verrou:
        fcntl.flock(verrou, fcntl.LOCK_EX)
        yield


def _etape(nom: str, action) -> None:
    print(f"  {nom} …", end="", flush=True)
    debut = time.monotonic()
    action()
    duree = f"{time.monotonic() - debut:.1f}".replace(".", ",")
    print(f" {duree} s", flush=True)


def _deja_installe(profil: str) -> bool:
    if CHANTIER.exists() or not _fonctionne([ENVIRONNEMENT_PYTHON / "bin" / "python", "-c", ""]):
        return False
    return any(
        _lire(ENVIRONNEMENT_PYTHON / f".installe-{candidat}") == empreinte(candidat)
        for candidat in COUVERT_PAR[profil]
    )


def _preparer_uv() -> None:
    version = _version_uv()
    if _uv() and _sortie([*_uv(), "--version"]).startswith(f"uv {version}"):
        return
    for reste in AMORCE.iterdir():  # une amorce inachevée se refait de zéro
        if reste.name != "verrou":
            shutil.rmtree(reste) if reste.is_dir() and not reste.is_symlink() else reste.unlink()
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "-r", VERROUS / "amorce.txt"]
    if _a_ensurepip():
        _executer([sys.executable, "-m", "venv", AMORCE])
        _executer([AMORCE / "bin" / "python", "-m", "pip", "install", *options])
    elif _fonctionne([sys.executable, "-m", "pip", "--version"]):
        _executer([sys.executable, "-m", "pip", "install", "--target", AMORCE / "lib", *options])
    else:
        raise ErreurInstallation(
            "ni ensurepip ni pip dans ce Python. Sous Debian ou Ubuntu, en root :\n"
            f"    apt-get install -y python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        )


def _a_ensurepip() -> bool:
    """Vrai si `python -m venv` marchera ; sur Debian, installe le paquet qui manque quand on le peut."""
    essai = [sys.executable, "-c", "import ensurepip, venv"]
    if _fonctionne(essai):
        return True
    prefixe = [] if os.getuid() == 0 else ["sudo", "-n"]
    if shutil.which("apt-get") and (not prefixe or _fonctionne([*prefixe, "true"])):
        print(" installation de python3-venv …", end="", flush=True)
        _executer([*prefixe, "apt-get", "update", "-q"])
        _executer([*prefixe, "apt-get", "install", "-y", "-q", "--no-install-recommends", "python3-venv"])
    return _fonctionne(essai)


def _installer(profil: str) -> None:
    python = ENVIRONNEMENT_PYTHON / "bin" / "python"
    if CHANTIER.exists() or not _fonctionne(
        [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    ):
        shutil.rmtree(ENVIRONNEMENT_PYTHON, ignore_errors=True)
        _executer([*_uv(), "venv", "--quiet", "--python", sys.executable, ENVIRONNEMENT_PYTHON])
    CHANTIER.touch()
    verrou = VERROUS / f"{profil}.txt"
    _executer([*_uv(), "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", verrou])
    for couvert, sources in COUVERT_PAR.items():
        if profil in sources:
            (ENVIRONNEMENT_PYTHON / f".installe-{couvert}").write_text(empreinte(couvert))
    CHANTIER.unlink()


def _empreinte_npm() -> str:
    return hashlib.sha256(VERROU_NPM.read_bytes()).hexdigest()


def _installer_modules() -> None:
    """Aucun script de paquet n’est exécuté : on ne fait que déposer des fichiers aux empreintes verrouillées."""
    npm = _npm()
    if npm is None:  # pas de Node sur cette machine : celui d’un paquet Python, 60 Mo
        python = ENVIRONNEMENT_PYTHON / "bin" / "python"
        if not _uv():
            _preparer_uv()
        options = ["--quiet", "--python", python, "--require-hashes", "-r", VERROUS / "node.txt"]
        _executer([*_uv(), "pip", "install", *options])
        npm = str(ENVIRONNEMENT_PYTHON / "bin" / "npm")
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    _executer([npm, "ci", *options, "--prefix", RACINE])
    (MODULES / ".installe").write_text(_empreinte_npm())


def _npm() -> str | None:
    """npm, s’il marche et lit notre verrou (forme 3, comprise depuis sa version 7)."""
    for candidat in (shutil.which("npm"), str(ENVIRONNEMENT_PYTHON / "bin" / "npm")):
        majeure = _sortie([candidat, "--version"]).partition(".")[0] if candidat else ""
        if majeure.isdigit() and int(majeure) >= 7:
            return candidat
    return None


def _uv() -> list[str]:
    """Commande qui lance uv, selon la façon dont il a été installé ; vide s’il ne l’est pas."""
    for chemin in (AMORCE / "bin" / "uv", AMORCE / "lib" / "bin" / "uv"):
        if chemin.is_file():
            return [str(chemin)]
    return []


def _version_uv() -> str:
    ligne = next(
        ligne for ligne in (VERROUS / "amorce.txt").read_text().splitlines() if ligne.startswith("uv==")
    )
    return ligne.removeprefix("uv==").split()[0]


def _environnement() -> dict[str, str]:
    variables = dict(os.environ, UV_PYTHON_DOWNLOADS="never", UV_NO_PROGRESS="1")
    # npm s’adresse à « node » : à défaut d’un autre, celui du paquet Python.
    variables["PATH"] = f"{variables.get('PATH', os.defpath)}{os.pathsep}{ENVIRONNEMENT_PYTHON / 'bin'}"
    variables.pop("VIRTUAL_ENV", None)
    if "PIP_INDEX_URL" in variables:  # le miroir d’entreprise déclaré à pip vaut pour uv
        variables.setdefault("UV_DEFAULT_INDEX", variables["PIP_INDEX_URL"])
    if not os.access(Path.home(), os.W_OK):
        variables.setdefault("UV_CACHE_DIR", str(AMORCE / "cache"))
        variables.setdefault("npm_config_cache", str(AMORCE / "npm"))
    return variables


def _executer(commande: list) -> None:
    resultat = subprocess.run(
        [str(mot) for mot in commande],
        env=_environnement(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if resultat.returncode:
        raise ErreurInstallation(diagnostiquer(resultat.stdout))


def _fonctionne(commande: list) -> bool:
    try:
        return (
            subprocess.run(commande, capture_output=True, stdin=subprocess.DEVNULL, check=False).returncode
            == 0
        )
    except OSError:
        return False


def _sortie(commande: list) -> str:
    try:
        return subprocess.run(
            commande, env=_environnement(), capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return ""


def _lire(fichier: Path) -> str:
    return fichier.read_text() if fichier.is_file() else ""


def _dernieres_lignes(journal: str, nombre: int = 12) -> str:
    return "\n".join(f"    {ligne}" for ligne in journal.strip().splitlines()[-nombre:])


if __name__ == "__main__":
    sys.exit(main())
