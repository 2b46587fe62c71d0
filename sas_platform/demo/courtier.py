"""Valkey de la démonstration et des tests : courtier des tâches, cache, verrous."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import redis

from sas_platform.demo import ports
from sas_platform.demo.etat import ErreurLancement
from sas_platform.demo.supervision import Compte, Enfant, Superviseur

RANG_ARRET = 1  # après les processus qui s’en servent, avant PostgreSQL


def url_courtier(port: int, mot_de_passe: str) -> str:
    return f"redis://:{mot_de_passe}@{ports.HOTE}:{port}/0"


def demarrer(
    superviseur: Superviseur,
    dossier: Path,
    binaire: Path,
    *,
    port: int,
    mot_de_passe: str,
    compte: Compte | None,
) -> Enfant:
    """Démarre Valkey sans persistance : ce qu’il porte se reconstruit au démarrage suivant."""
    reglages = dossier / "valkey.conf"
    reglages.unlink(missing_ok=True)
    descripteur = os.open(reglages, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descripteur, "w") as flux:  # le mot de passe n’apparaît pas dans la liste des processus
        flux.write(f"bind {ports.HOTE}\nport {port}\nrequirepass {mot_de_passe}\n")
        flux.write('save ""\nappendonly no\ndatabases 256\nmaxmemory-policy noeviction\n')
    if compte:
        os.chown(reglages, compte.uid, compte.gid)
    enfant = superviseur.lancer(
        "valkey",
        [str(binaire), str(reglages)],
        env={"PATH": os.environ.get("PATH", "")},
        rang=RANG_ARRET,
        compte=compte,
        dossier=dossier,
    )
    try:
        ports.attendre(port, vivant=enfant.est_vivant, delai_s=10, quoi="Valkey")
    except ErreurLancement as erreur:
        raise ErreurLancement(f"{erreur}\n{enfant.dernieres_lignes()}") from None
    return enfant


def verifier_courtier_externe(url: str) -> None:
    try:
        redis.Redis.from_url(url, socket_connect_timeout=5).ping()
    except redis.RedisError as erreur:
        adresse = urlsplit(url)
        raise ErreurLancement(
            f"le courtier désigné par REDIS_URL ({adresse.hostname}:{adresse.port}) ne répond pas : {erreur}"
        ) from erreur
