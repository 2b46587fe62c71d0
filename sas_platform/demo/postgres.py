"""PostgreSQL de la démonstration et des tests : initialisation, démarrage, reprise après accident."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

from sas_platform.demo.binaires import PostgreSQL
from sas_platform.demo.etat import ErreurLancement
from sas_platform.demo.ports import HOTE
from sas_platform.demo.supervision import Compte, Enfant, Superviseur, naissance

UTILISATEUR = "sas"
BASE = "sas"
RANG_ARRET = 0  # arrêté en dernier : tous les autres s’en servent
DELAI_DEMARRAGE_S = 60.0
DELAI_ARRET_ANCIEN_S = 15.0

OPTIONS = {
    "listen_addresses": HOTE,
    "unix_socket_directories": "",  # un chemin de prise Unix trop long échoue dans un dossier profond
    "max_connections": "200",
    "shared_buffers": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "log_min_messages": "warning",
}
# Ce qui ne sert qu’une fois n’a pas à survivre à une coupure de courant.
OPTIONS_JETABLES = {"fsync": "off", "full_page_writes": "off"}


def url_base(port: int, mot_de_passe: str, base: str = BASE) -> str:
    return f"postgres://{UTILISATEUR}:{quote(mot_de_passe)}@{HOTE}:{port}/{base}"


def initialiser(donnees: Path, binaires: PostgreSQL, mot_de_passe: str, compte: Compte | None) -> bool:
    """Crée le dossier de données s’il manque ; vrai s’il vient d’être créé.

    `initdb` travaille dans un dossier provisoire, renommé à la fin : tué en
    chemin, il ne laisse rien qui ressemble à une base.
    """
    if donnees.is_dir():
        _verifier_version(donnees, binaires)
        return False
    brouillon = donnees.with_name(f"{donnees.name}.nouveau")
    shutil.rmtree(brouillon, ignore_errors=True)
    secret = donnees.with_name("mot-de-passe")
    secret.unlink(missing_ok=True)
    descripteur = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descripteur, "w") as flux:
        flux.write(mot_de_passe)
    if compte:
        os.chown(secret, compte.uid, compte.gid)
    regles = ["--locale=C.UTF-8"]
    if binaires.majeure >= 17:  # règles de casse fournies par PostgreSQL : les mêmes sur toutes les machines
        regles = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    commande = [
        binaires.dossier / "initdb",
        "-D",
        brouillon,
        "-U",
        UTILISATEUR,
        "--pwfile",
        secret,
        "-E",
        "UTF8",
    ]
    commande += ["--auth=scram-sha-256", "--no-instructions", "--no-sync", *regles]
    try:
        _executer(commande, compte)
    finally:
        secret.unlink(missing_ok=True)
    brouillon.rename(donnees)
    return True


def demarrer(
    superviseur: Superviseur,
    donnees: Path,
    binaires: PostgreSQL,
    *,
    port: int,
    mot_de_passe: str,
    compte: Compte | None,
    jetable: bool = False,
) -> Enfant:
    """Démarre le serveur et attend qu’il accepte des requêtes, reprise sur accident comprise."""
    _liberer(donnees)
    options = OPTIONS | (OPTIONS_JETABLES if jetable else {})
    commande = [str(binaires.dossier / "postgres"), "-D", str(donnees), "-p", str(port)]
    for nom, valeur in options.items():
        commande += ["-c", f"{nom}={valeur}"]
    enfant = superviseur.lancer(
        "postgresql",
        commande,
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
        rang=RANG_ARRET,
        signal_arret=signal.SIGINT,  # SIGTERM attendrait que chaque client parte de lui-même
        compte=compte,
        dossier=donnees,
    )
    _attendre(enfant, url_base(port, mot_de_passe, "postgres"))
    return enfant


def creer_base(url: str) -> None:
    """Crée la base que désigne `url` si elle n’existe pas."""
    base = sql.Identifier(urlsplit(url).path.lstrip("/"))
    with psycopg.connect(_url_administration(url), autocommit=True) as serveur:
        existe = serveur.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [urlsplit(url).path.lstrip("/")]
        ).fetchone()
        if not existe:
            serveur.execute(sql.SQL("CREATE DATABASE {}").format(base))


def recreer_base(url: str) -> None:
    """Efface la base que désigne `url` et la recrée vide."""
    base = sql.Identifier(urlsplit(url).path.lstrip("/"))
    with psycopg.connect(_url_administration(url), autocommit=True) as serveur:
        serveur.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(base))
        serveur.execute(sql.SQL("CREATE DATABASE {}").format(base))


def copier_base(url: str, modele: str) -> None:
    """Refait la base que désigne `url` par copie de la base `modele`, sur le même serveur."""
    base = sql.Identifier(urlsplit(url).path.lstrip("/"))
    with psycopg.connect(_url_administration(url), autocommit=True) as serveur:
        serveur.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(base))
        copie = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        serveur.execute(copie.format(base, sql.Identifier(modele)))


def verifier_base_externe(url: str) -> str:
    """Version du serveur désigné par DATABASE_URL ; erreur lisible s’il ne répond pas."""
    try:
        with psycopg.connect(url, connect_timeout=5) as serveur:
            return serveur.info.parameter_status("server_version") or "?"
    except psycopg.Error as erreur:
        raise ErreurLancement(f"la base désignée par DATABASE_URL ne répond pas : {erreur}") from erreur


def _url_administration(url: str) -> str:
    return urlsplit(url)._replace(path="/postgres").geturl()


def _verifier_version(donnees: Path, binaires: PostgreSQL) -> None:
    try:
        version = (donnees / "PG_VERSION").read_text().strip()
    except OSError:
        raise ErreurLancement(
            f"{donnees} n’est pas un dossier de données PostgreSQL complet.\n"
            "Relancez avec --reinitialiser : les données de démonstration seront refaites."
        ) from None
    if version != str(binaires.majeure):
        raise ErreurLancement(
            f"les données de {donnees} sont de PostgreSQL {version}, les binaires trouvés "
            f"({binaires.dossier}) de PostgreSQL {binaires.version}.\n"
            "Relancez avec --reinitialiser (données refaites), ou désignez les anciens binaires par SAS_PG_BIN."
        )


def _liberer(donnees: Path) -> None:
    """Écarte ce qu’un serveur tué a laissé ; arrête celui qui tourne encore sur ces données.

    Le lanceur tient le verrou du dossier : un serveur encore vivant ici n’est
    plus surveillé par personne.
    """
    fichier = donnees / "postmaster.pid"
    try:
        pid = int(fichier.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        fichier.unlink(missing_ok=True)
        return
    ne_a = naissance(pid)
    if ne_a and _sert(pid, donnees):
        os.kill(pid, signal.SIGINT)
        limite = time.monotonic() + DELAI_ARRET_ANCIEN_S
        while naissance(pid) == ne_a:
            if time.monotonic() > limite:
                raise ErreurLancement(
                    f"un PostgreSQL tourne encore sur {donnees} (processus {pid}) et ne s’arrête pas."
                )
            time.sleep(0.05)
    fichier.unlink(missing_ok=True)


def _sert(pid: int, donnees: Path) -> bool:
    """Vrai si ce processus est bien le serveur de ces données, et non un autre qui a reçu son numéro."""
    proc = Path(f"/proc/{pid}/cmdline")
    if proc.exists():
        commande = proc.read_bytes().replace(b"\0", b" ").decode(errors="replace")
    else:
        commande = subprocess.run(
            ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout
    return "postgres" in commande and str(donnees) in commande


def _attendre(enfant: Enfant, url: str) -> None:
    limite = time.monotonic() + DELAI_DEMARRAGE_S
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError as erreur:
            if "password authentication failed" in str(erreur):
                raise ErreurLancement(
                    "le mot de passe de var/env n’est pas celui de la base.\n"
                    "Relancez avec --reinitialiser : les données de démonstration seront refaites."
                ) from None
            if not enfant.est_vivant() or time.monotonic() > limite:
                raise ErreurLancement(
                    f"PostgreSQL n’a pas démarré. Dernières lignes de {enfant.journal} :\n"
                    f"{enfant.dernieres_lignes()}\n"
                    "Si ses données sont abîmées, relancez avec --reinitialiser."
                ) from None
            time.sleep(0.05)
        else:
            return


def _executer(commande: list, compte: Compte | None) -> None:
    identite = compte.pour_subprocess() if compte else {}
    resultat = subprocess.run(
        [str(mot) for mot in commande],
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        start_new_session=True,
        **identite,
    )
    if resultat.returncode:
        raise ErreurLancement(f"{Path(commande[0]).name} a échoué :\n{resultat.stdout.strip()}")
