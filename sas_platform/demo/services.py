"""Base et courtier, à nous ou désignés : ce que la démonstration et les tests démarrent de la même façon."""

import os
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from sas_platform.demo import binaires, courtier, ports, postgres
from sas_platform.demo.etat import RACINE, VAR, ErreurLancement
from sas_platform.demo.supervision import Compte, Superviseur, naissance


@dataclass
class Services:
    """Deux serveurs dont les adresses finissent dans `env`.

    `env` arrive avec ce qui est retenu d’une fois sur l’autre (mots de passe,
    ports préférés) et repart complété. Une variable DATABASE_URL ou REDIS_URL
    de l’environnement désigne un serveur existant, qu’on ne démarre pas.
    """

    superviseur: Superviseur
    env: dict[str, str]
    jetable: bool = False  # série de tests : toujours des serveurs à elle, sans souci de durabilité
    compte: Compte | None = field(default_factory=binaires.compte_des_services)

    def __post_init__(self) -> None:
        self.dossier = binaires.dossier_des_services(self.compte)
        port = {nom: int(self.env.get(f"SAS_PORT_{nom}", 0)) for nom in ("PG", "VALKEY")}
        secret = {nom: self.env.get(f"SAS_SECRET_{nom}", "") for nom in ("PG", "VALKEY")}
        self.base_externe = self._designe("DATABASE_URL", postgres.url_base(port["PG"], secret["PG"]))
        self.courtier_externe = self._designe(
            "REDIS_URL", courtier.url_courtier(port["VALKEY"], secret["VALKEY"])
        )

    def preparer_ports(self) -> None:
        for nom in ("PG", "VALKEY"):
            self.env[f"SAS_PORT_{nom}"] = str(ports.port_libre(int(self.env.get(f"SAS_PORT_{nom}", 0))))
            self.env.setdefault(f"SAS_SECRET_{nom}", secrets.token_urlsafe(24))

    def demarrer_postgres(self, donnees: Path) -> str:
        """Rend ce qui a été trouvé, pour la ligne de progression."""
        if self.base_externe:
            self.env["DATABASE_URL"] = self.base_externe
            return f"PostgreSQL {postgres.verifier_base_externe(self.base_externe)} (DATABASE_URL)"
        executables = binaires.trouver_postgres(self.dossier, self.compte)
        port, secret = int(self.env["SAS_PORT_PG"]), self.env["SAS_SECRET_PG"]
        postgres.initialiser(donnees, executables, secret, self.compte)
        postgres.demarrer(
            self.superviseur,
            donnees,
            executables,
            port=port,
            mot_de_passe=secret,
            compte=self.compte,
            jetable=self.jetable,
        )
        self.env["DATABASE_URL"] = postgres.url_base(port, secret)
        postgres.creer_base(self.env["DATABASE_URL"])
        return f"PostgreSQL {executables.version}"

    def demarrer_courtier(self, dossier: Path) -> str:
        if self.courtier_externe:
            self.env["REDIS_URL"] = self.courtier_externe
            courtier.verifier_courtier_externe(self.courtier_externe)
            return "courtier (REDIS_URL)"
        binaire = binaires.trouver_valkey(self.dossier, self.compte)
        port, secret = int(self.env["SAS_PORT_VALKEY"]), self.env["SAS_SECRET_VALKEY"]
        courtier.demarrer(
            self.superviseur, dossier, binaire, port=port, mot_de_passe=secret, compte=self.compte
        )
        self.env["REDIS_URL"] = courtier.url_courtier(port, secret)
        return "courtier Valkey"

    def effacer(self, dossier: Path) -> None:
        try:
            shutil.rmtree(dossier)
        except FileNotFoundError:
            return
        except OSError as erreur:
            raise ErreurLancement(f"impossible d’effacer {dossier} : {erreur.strerror}.") from erreur

    def _designe(self, nom: str, la_notre: str) -> str:
        """Serveur désigné par l’environnement ; vide si c’est le nôtre, relu de `var/env` par le terminal."""
        valeur = os.environ.get(nom, "")
        return "" if self.jetable or valeur == la_notre else valeur


def environnement(variables: dict[str, str]) -> dict[str, str]:
    """Environnement des processus lancés : celui d’ici, plus ces variables, sans le surveillant d’un autre.

    Chacun importe deux mille modules : ils se compilent une fois pour tous, dans l’état de la démonstration,
    même si cette machine défend d’écrire à côté des sources.
    """
    heritees = {n: v for n, v in os.environ.items() if not n.startswith(("DJANGO_", "CELERY_"))}
    heritees.pop("PYTHONDONTWRITEBYTECODE", None)
    communes = {
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(RACINE),
        "PYTHONPYCACHEPREFIX": str(VAR / "compile"),
    }
    return heritees | variables | communes


def dossier_jetable(services: Path, nom: str, compte: Compte | None) -> Path:
    """Dossier neuf pour une série de tests ; ceux des séries mortes sont effacés."""
    parent = services / "jetables"
    parent.mkdir(exist_ok=True)
    parent.chmod(0o711)  # le compte des services y passe, sans le lire
    for ancien in parent.iterdir():
        if not naissance(int(ancien.name.rpartition("-")[2])):
            shutil.rmtree(ancien, ignore_errors=True)
    neuf = parent / f"{nom}-{os.getpid()}"
    shutil.rmtree(neuf, ignore_errors=True)
    neuf.mkdir()
    if compte:
        os.chown(neuf, compte.uid, compte.gid)
    return neuf
