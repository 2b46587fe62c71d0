"""Ports TCP de la boucle locale : libres, pris, et par qui."""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

from sas_platform.demo.etat import ErreurLancement

HOTE = "127.0.0.1"


def est_libre(port: int) -> bool:
    with socket.socket() as prise:
        prise.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            prise.bind((HOTE, port))
        except OSError:
            return False
    return True


def port_libre(prefere: int | None = None) -> int:
    """`prefere` s’il est libre, sinon un port que le système donne."""
    if prefere and est_libre(prefere):
        return prefere
    with socket.socket() as prise:
        prise.bind((HOTE, 0))
        return int(prise.getsockname()[1])


def port_public(demande: int | None, defaut: int) -> int:
    """Port du site. Demandé et pris : erreur ; par défaut et pris : le suivant qui est libre."""
    if demande is not None:
        if not 1 <= demande <= 65535:
            raise ErreurLancement(f"--port {demande} : un port va de 1 à 65535.")
        if demande < 1024 and os.getuid() != 0:
            raise ErreurLancement(f"--port {demande} : un port sous 1024 demande d’être root.")
        if not est_libre(demande):
            raise ErreurLancement(
                f"le port {demande} est déjà pris ({qui_ecoute(demande)}).\n"
                f"Choisissez-en un autre : ./bin/demo --port {port_libre(demande + 1)}"
            )
        return demande
    return next((p for p in range(defaut, defaut + 20) if est_libre(p)), None) or port_libre()


def qui_ecoute(port: int) -> str:
    """Nom et numéro du processus qui tient le port, si le système nous laisse le voir."""
    inodes = _inodes_a_l_ecoute(port)
    for descripteur in Path("/proc").glob("[0-9]*/fd/*") if inodes else ():
        try:
            cible = os.readlink(descripteur)
        except OSError:
            continue
        if cible.removeprefix("socket:[").rstrip("]") in inodes:
            processus = descripteur.parts[2]
            return f"par {_nom(processus)}, processus {processus}"
    return "par un processus d’un autre utilisateur"


def attendre(port: int, *, vivant: Callable[[], bool], delai_s: float, quoi: str) -> None:
    """Attend que le port réponde ; échoue dès que le processus n’est plus vivant, ou au bout du délai."""
    limite = time.monotonic() + delai_s
    while time.monotonic() < limite:
        with socket.socket() as prise:
            prise.settimeout(0.5)
            if prise.connect_ex((HOTE, port)) == 0:
                return
        if not vivant():
            raise ErreurLancement(f"{quoi} s’est arrêté en démarrant.")
        time.sleep(0.05)
    raise ErreurLancement(f"{quoi} ne répond pas sur le port {port} après {delai_s:.0f} s.")


def _inodes_a_l_ecoute(port: int) -> set[str]:
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lignes = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for ligne in lignes:
            champs = ligne.split()
            if champs[3] == "0A" and int(champs[1].rpartition(":")[2], 16) == port:
                inodes.add(champs[9])
    return inodes


def _nom(processus: str) -> str:
    try:
        return Path(f"/proc/{processus}/comm").read_text().strip()
    except OSError:
        return "inconnu"
