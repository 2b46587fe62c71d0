"""Lance des processus, les surveille et les arrête dans l’ordre inverse de leur importance."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from sas_platform.demo.etat import ErreurLancement

DELAI_ARRET_S = 10.0
VIE_MINIMALE_S = 10.0  # mort plus tôt, un enfant ne démarre pas : le relancer n’y changerait rien
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Compte:
    """Utilisateur sous lequel tourne un service que root ne doit pas lancer lui-même."""

    uid: int
    gid: int
    nom: str

    def pour_subprocess(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@dataclass
class Enfant:
    nom: str
    processus: subprocess.Popen
    journal: Path
    signal_arret: signal.Signals
    rang: int  # les rangs hauts s’arrêtent d’abord
    relancer: Callable[[], subprocess.Popen] | None = None
    lance_a: float = field(default_factory=time.monotonic)

    def est_vivant(self) -> bool:
        return self.processus.poll() is None

    def dernieres_lignes(self, nombre: int = 15) -> str:
        try:
            lignes = self.journal.read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(f"    {ligne}" for ligne in lignes[-nombre:])


class Superviseur:
    """Chaque enfant a sa session : un Ctrl-C du terminal n’atteint que nous, qui ordonnons l’arrêt."""

    def __init__(self, journaux: Path, registre: Path) -> None:
        self.journaux = journaux
        self.registre = registre
        self.enfants: list[Enfant] = []

    def lancer(
        self,
        nom: str,
        commande: list[str],
        *,
        env: dict[str, str],
        rang: int,
        signal_arret: signal.Signals = signal.SIGTERM,
        compte: Compte | None = None,
        dossier: Path | None = None,
        se_relance: bool = False,
    ) -> Enfant:
        """`se_relance` : tué en route, il repart, comme chez un hébergeur ; son journal continue."""
        journal = self.journaux / f"{nom}.log"
        identite = compte.pour_subprocess() if compte else {}

        def demarrer(mode: str = "ab") -> subprocess.Popen:
            with journal.open(mode) as sortie:
                return subprocess.Popen(
                    commande,
                    env=env,
                    cwd=dossier,
                    stdin=subprocess.DEVNULL,
                    stdout=sortie,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=_mourir_avec_le_parent(signal_arret),
                    **identite,
                )

        enfant = Enfant(nom, demarrer("wb"), journal, signal_arret, rang, demarrer if se_relance else None)
        self.enfants.append(enfant)
        self._noter()
        return enfant

    def executer(
        self, nom: str, commande: list[str], *, env: dict[str, str], dossier: Path | None = None
    ) -> str:
        """Lance une commande qui doit finir et réussir ; rend ce qu’elle a écrit."""
        enfant = self.lancer(nom, commande, env=env, rang=100, dossier=dossier)
        while enfant.est_vivant():
            self.verifier(sauf=enfant)
            time.sleep(0.05)
        self.enfants.remove(enfant)
        self._noter()
        if enfant.processus.returncode:
            raise ErreurLancement(
                f"l’étape « {nom} » a échoué (code {enfant.processus.returncode}).\n"
                f"Dernières lignes de {enfant.journal} :\n{enfant.dernieres_lignes()}"
            )
        return enfant.journal.read_text(errors="replace")

    def verifier(self, sauf: Enfant | None = None) -> None:
        """Lève une erreur dès qu’un enfant est mort sans qu’on le lui ait demandé, s’il ne se relance pas."""
        for enfant in self.enfants:
            if enfant is sauf or enfant.est_vivant():
                continue
            if enfant.relancer is None or time.monotonic() - enfant.lance_a < VIE_MINIMALE_S:
                raise ErreurLancement(
                    f"« {enfant.nom} » s’est arrêté (code {enfant.processus.returncode}).\n"
                    f"Dernières lignes de {enfant.journal} :\n{enfant.dernieres_lignes()}"
                )
            print(
                f"« {enfant.nom} » s’est arrêté (code {enfant.processus.returncode}) : relancé.", flush=True
            )
            _tuer_la_session(enfant.processus.pid)
            enfant.processus, enfant.lance_a = enfant.relancer(), time.monotonic()
            self._noter()

    def surveiller(self) -> NoReturn:
        """Ne rend jamais la main ; une exception ou un signal y met fin."""
        while True:
            self.verifier()
            time.sleep(0.3)

    def arreter(self, dire: Callable[[str], None] = lambda nom: None) -> None:
        """Arrête les enfants rang par rang, du plus haut au plus bas, de force s’ils tardent."""
        for rang in sorted({enfant.rang for enfant in self.enfants}, reverse=True):
            groupe = [enfant for enfant in self.enfants if enfant.rang == rang]
            for enfant in groupe:
                if enfant.est_vivant():
                    dire(enfant.nom)
                    enfant.processus.send_signal(enfant.signal_arret)
            limite = time.monotonic() + DELAI_ARRET_S
            for enfant in groupe:
                try:
                    enfant.processus.wait(max(0.1, limite - time.monotonic()))
                except subprocess.TimeoutExpired:
                    _tuer_la_session(enfant.processus.pid)
                    enfant.processus.wait()
        self.enfants = []
        self.registre.unlink(missing_ok=True)

    def _noter(self) -> None:
        """Retient qui tourne : après un kill -9 du lanceur, le suivant saura quoi arrêter."""
        vivants = [
            {
                "pid": e.processus.pid,
                "ne_a": naissance(e.processus.pid),
                "arret": int(e.signal_arret),
                "rang": e.rang,
            }
            for e in self.enfants
        ]
        brouillon = self.registre.with_suffix(".nouveau")
        brouillon.write_text(json.dumps(vivants))
        brouillon.replace(self.registre)


def arreter_les_restes(registre: Path) -> int:
    """Arrête ce qu’un lanceur tué avait laissé tourner ; rend leur nombre.

    Un numéro de processus a pu servir à un autre depuis : seule la même
    heure de naissance désigne le même processus.
    """
    try:
        notes = json.loads(registre.read_text())
    except (OSError, ValueError):
        return 0
    restes = [n for n in notes if n["ne_a"] and naissance(n["pid"]) == n["ne_a"]]
    for rang in sorted({note["rang"] for note in restes}, reverse=True):
        groupe = [note for note in restes if note["rang"] == rang]
        for note in groupe:
            _signaler(note["pid"], note["arret"])
        limite = time.monotonic() + DELAI_ARRET_S
        while any(naissance(n["pid"]) == n["ne_a"] for n in groupe) and time.monotonic() < limite:
            time.sleep(0.05)
        for note in groupe:
            if naissance(note["pid"]) == note["ne_a"]:
                _tuer_la_session(note["pid"])
    registre.unlink(missing_ok=True)
    return len(restes)


def naissance(pid: int) -> str:
    """Ce qui distingue ce processus d’un autre qui aurait eu le même numéro ; vide s’il n’existe plus."""
    if sys.platform == "linux":
        try:
            champs = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if champs[0] == "Z" else champs[19]  # un zombie est mort, son père ne l’a pas relevé
    resultat = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return resultat.stdout.strip()


def _mourir_avec_le_parent(signal_arret: signal.Signals) -> Callable[[], None] | None:
    """Sous Linux, le noyau signale l’enfant à la mort du lanceur, kill -9 compris."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(PR_SET_PDEATHSIG, int(signal_arret))


def _signaler(pid: int, numero: int) -> None:
    try:
        os.kill(pid, numero)
    except ProcessLookupError:
        return


def _tuer_la_session(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        _signaler(pid, signal.SIGKILL)
