"""Les tests et les mesures, sur un PostgreSQL et un Valkey jetables, arrêtés en sortant."""

import argparse
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from sas_platform.demo import postgres
from sas_platform.demo.binaires import compte_des_services, dossier_des_services
from sas_platform.demo.etat import (
    RACINE,
    STATIQUES,
    VAR,
    ErreurLancement,
    Jalon,
    Verrou,
    empreinte_fichiers,
    preparer_var,
)
from sas_platform.demo.preparation import charger_donnees, collecter_statiques
from sas_platform.demo.services import Services, dossier_jetable, environnement
from sas_platform.demo.supervision import Superviseur

PAQUETS_NAVIGATEUR = ["chromium-headless-shell", "libatomic1"]
MODELE_MESURES = "sas_modele"
# Ce que le terminal pourrait porter d’une démonstration ne doit pas changer le résultat d’un test.
REGLAGES = [
    "ENVIRONNEMENT",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "CSRF_TRUSTED_ORIGINS",
    "URL_PUBLIQUE",
    "STATIC_ROOT",
    "GEOCODEUR_URL",
    "ITINERAIRE_URL",
    "CARTE_TUILES_URL",
    "PSC_DECOUVERTE_URL",
    "PSC_CLIENT_ID",
    "PSC_CLIENT_SECRET",
    "PSC_HOTES_ADMIS",
    "PSC_ACR_ADMIS",
    "NIVEAU_JOURNAL",
]


class Interruption(BaseException):
    """kill ou terminal fermé ; le Ctrl-C, lui, est laissé à pytest."""


def main() -> int:
    quoi, arguments = sys.argv[1], sys.argv[2:]
    for nom in REGLAGES:
        os.environ.pop(nom, None)
    try:
        preparer_var()
        if quoi == "mesures":
            return _mesurer(arguments)
        _exiger_un_navigateur()
        return _tester(arguments)
    except ErreurLancement as erreur:
        print(f"\nErreur : {erreur}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, Interruption):
        return 130


def _tester(arguments: list[str]) -> int:
    with Jetables("tests") as jetables:
        jetables.demarrer(jetables.dossier / "postgresql")
        return jetables.passer_la_main(["-m", "pytest", *_repartition(arguments), *arguments], "test")


def _repartition(arguments: list[str]) -> list[str]:
    """Un processus par cœur pour toute la série ; un seul pour quelques fichiers, plus vite partis."""
    choisis = any((RACINE / mot.partition("::")[0]).exists() for mot in arguments if not mot.startswith("-"))
    return [] if choisis else ["-n", str(max(2, min(os.cpu_count() or 2, 8)))]


def _mesurer(arguments: list[str]) -> int:
    analyseur = argparse.ArgumentParser(prog="./bin/mesures")
    analyseur.add_argument("--echelle", choices=["locale", "nationale"], default="locale")
    analyseur.add_argument("--seulement", metavar="NOM", help="une seule mesure")
    options = analyseur.parse_args(arguments)
    verrou = Verrou(VAR / "verrou-mesures", "une série de mesures")
    verrou.prendre()
    verrou.signer("./bin/mesures")
    with Jetables("mesures") as jetables:
        # Les données d’une échelle sont longues à faire : gardées comme modèle, copiées à chaque fois.
        durable = jetables.services.dossier / f"mesures-{options.echelle}"
        jetables.demarrer(durable)
        _preparer_modele(jetables, options.echelle, durable)
        _dire("base : copie du modèle")
        postgres.copier_base(jetables.env["DATABASE_URL"], MODELE_MESURES)
        suite = ["--seulement", options.seulement] if options.seulement else []
        return jetables.passer_la_main(["-m", "tests.mesures", "--echelle", options.echelle, *suite], "demo")


def _preparer_modele(jetables: "Jetables", echelle: str, durable: Path) -> None:
    jetables.env |= {"ENVIRONNEMENT": "demo", "STATIC_ROOT": str(STATIQUES)}
    _dire("fichiers statiques")
    collecter_statiques(jetables.gerer)
    jalon = Jalon(f"mesures-{echelle}")
    code = [*RACINE.glob("*/migrations"), RACINE / "agenda" / "generation", RACINE / "annuaire" / "donnees"]
    matiere = {
        "code": empreinte_fichiers(code),
        "jour": time.strftime("%F"),  # les agendas fictifs partent d’aujourd’hui
        "ne_le": str((durable / "PG_VERSION").stat().st_mtime_ns),
    }
    if jalon.vaut(matiere):
        return
    jalon.lever()
    voulue = jetables.env["DATABASE_URL"]
    jetables.env["DATABASE_URL"] = modele = voulue.rpartition("/")[0] + f"/{MODELE_MESURES}"
    postgres.recreer_base(modele)
    _dire(f"données à l’échelle {echelle} (longues à faire, gardées pour la fois suivante)")
    jetables.gerer("migrate", "--no-input")
    charger_donnees(jetables.gerer, echelle)
    jetables.gerer("reconstruire_offre", "--ecrire")
    jetables.env["DATABASE_URL"] = voulue
    jalon.poser(matiere)


class Jetables:
    """Services d’une série : démarrés à l’entrée, arrêtés et effacés à la sortie."""

    def __init__(self, nom: str) -> None:
        self.nom = nom

    def __enter__(self) -> "Jetables":
        for numero in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(numero, _interrompre)
        self.env: dict[str, str] = {}
        compte = compte_des_services()
        self.dossier = dossier_jetable(dossier_des_services(compte), self.nom, compte)
        self.superviseur = Superviseur(self.dossier / "journaux", self.dossier / "processus.json")
        self.superviseur.journaux.mkdir()
        self.services = Services(self.superviseur, self.env, jetable=True)
        return self

    def __exit__(self, *exception: object) -> None:
        for numero in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(numero, signal.SIG_IGN)
        self.superviseur.arreter()
        shutil.rmtree(self.dossier, ignore_errors=True)

    def demarrer(self, donnees: Path) -> None:
        self.env.update({"SAS_SECRET_PG": "jetable", "SAS_SECRET_VALKEY": "jetable"})
        self.services.preparer_ports()
        _dire(self.services.demarrer_postgres(donnees))
        _dire(self.services.demarrer_courtier(self.dossier))

    def gerer(self, commande: str, *arguments: str) -> None:
        env = environnement(self.env)
        self.superviseur.executer(
            commande, [sys.executable, "manage.py", commande, *arguments], env=env, dossier=RACINE
        )

    def passer_la_main(self, arguments: list[str], contexte: str) -> int:
        """Lance la commande au premier plan ; rend son code. Un Ctrl-C est pour elle."""
        env = environnement(self.env | {"ENVIRONNEMENT": contexte})
        processus = subprocess.Popen([sys.executable, *arguments], env=env, cwd=RACINE)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return processus.wait()
        finally:
            if processus.poll() is None:
                processus.terminate()
                processus.wait()


def _exiger_un_navigateur() -> None:
    """Chromium et la bibliothèque dont son pilote a besoin ; installés par apt quand on en a le droit."""
    if _navigateur_present() or os.environ.get("SAS_SANS_NAVIGATEUR"):
        return
    commande = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *PAQUETS_NAVIGATEUR]
    droits = _droits_d_installer()
    if droits is None:
        raise ErreurLancement(
            "les tests des pages demandent Chromium et libatomic, absents de cette machine.\n"
            f"En root : apt-get update && {' '.join(commande)}\n"
            "(SAS_CHROMIUM désigne un Chromium installé ailleurs ; SAS_SANS_NAVIGATEUR=1 ./bin/test saute "
            "ces tests.)"
        )
    _dire(f"installation de {' et '.join(PAQUETS_NAVIGATEUR)} par apt")
    for etape in (["apt-get", "update", "-q"], commande):
        resultat = subprocess.run(
            [*droits, "env", "DEBIAN_FRONTEND=noninteractive", *etape],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if resultat.returncode:
            raise ErreurLancement(f"{' '.join(etape)} a échoué :\n{resultat.stdout[-2000:]}")


def _navigateur_present() -> bool:
    noms = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    if not any(nom and shutil.which(nom) for nom in (os.environ.get("SAS_CHROMIUM", ""), *noms)):
        return False
    try:
        ctypes.CDLL("libatomic.so.1" if sys.platform == "linux" else None)
    except OSError:
        return False
    return True


def _droits_d_installer() -> list[str] | None:
    """Préfixe de commande qui donne les droits ; nul si l’on ne peut rien installer."""
    if not shutil.which("apt-get"):
        return None
    if os.getuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n"]
    return None


def _dire(texte: str) -> None:
    print(f"  {texte}", file=sys.stderr, flush=True)


def _interrompre(numero: int, cadre: object) -> None:
    raise Interruption


if __name__ == "__main__":
    sys.exit(main())
