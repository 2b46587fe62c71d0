"""La démonstration entière, lancée comme le fait un nouveau venu, tuée, relancée, arrêtée."""

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from sas_platform.demo import ports
from sas_platform.demo.etat import RACINE
from sas_platform.demo.supervision import naissance

DELAI_S = 600  # une machine de test chargée ; la mesure de la durée est ailleurs
DESIGNEES = ("DATABASE_URL", "REDIS_URL", "ENVIRONNEMENT", "SECRET_KEY", "DJANGO_SETTINGS_MODULE")


class Lancement:
    """Un ./bin/demo déjà installé, dont on lit la sortie ligne à ligne."""

    def __init__(self, var: Path, *options: str, **variables: str) -> None:
        env = {nom: valeur for nom, valeur in os.environ.items() if nom not in DESIGNEES}
        self.processus = subprocess.Popen(
            [sys.executable, "-m", "sas_platform.demo.lanceur", *options],
            cwd=RACINE,
            env=env | {"SAS_VAR": str(var)} | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.garde = threading.Timer(DELAI_S, self.processus.kill)
        self.garde.start()
        self.lu = ""

    def attendre(self, motif: str) -> None:
        while motif not in self.lu:
            signe = self.processus.stdout.read(1)
            assert signe, f"arrêté avant « {motif} » :\n{self.lu}"
            self.lu += signe

    def finir(self, numero: signal.Signals | None = None) -> int:
        if numero is not None:
            self.processus.send_signal(numero)
        self.lu += self.processus.stdout.read()
        code = self.processus.wait(60)
        self.garde.cancel()
        self.processus.stdout.close()
        return code


@pytest.fixture
def lancer(dossier: Path) -> Iterator:
    lances = []

    def lancer_la_demonstration(*options: str, **variables: str) -> Lancement:
        lances.append(Lancement(dossier / "var", *options, **variables))
        return lances[-1]

    yield lancer_la_demonstration
    for lancement in lances:
        if lancement.processus.poll() is None:
            lancement.finir(signal.SIGTERM)


def processus_notes(dossier: Path) -> list[dict]:
    return json.loads((dossier / "var" / "processus.json").read_text())


def test_la_demonstration_se_lance_se_relance_apres_un_kill_9_et_s_arrete_sans_reste(lancer, dossier):
    port = str(ports.port_libre())
    coupee = lancer("--port", port)
    coupee.attendre("schéma de la base …")
    coupee.finir(signal.SIGKILL)

    relancee = lancer("--port", port)
    relancee.attendre(f"Prêt : http://127.0.0.1:{port}\n")
    relancee.attendre("Ctrl-C arrête tout.")

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/sante/") as reponse:
        sante = json.load(reponse)
    assert sante["statut"] == "ok"
    assert len(sante["flux"]) == 2
    assert all(age is not None for age in sante["flux"].values())
    assert "osnp" in relancee.lu
    assert (dossier / "var" / "env").stat().st_mode & 0o777 == 0o600

    seconde = lancer("--port", str(ports.port_libre()))
    assert seconde.finir() == 1
    assert "tourne déjà dans ce dossier" in seconde.lu

    notes = processus_notes(dossier)
    assert relancee.finir(signal.SIGINT) == 0
    assert "Tout est arrêté." in relancee.lu
    assert [note for note in notes if naissance(note["pid"]) == note["ne_a"]] == []


@pytest.mark.parametrize("environnement", ["production", "preproduction"])
def test_la_demonstration_refuse_un_environnement_en_ligne(lancer, environnement):
    lancement = lancer(ENVIRONNEMENT=environnement)

    assert lancement.finir() == 1
    assert f"ENVIRONNEMENT={environnement}" in lancement.lu


def test_reinitialiser_ne_touche_pas_a_une_base_designee(lancer):
    lancement = lancer("--reinitialiser", DATABASE_URL="postgres://sas@127.0.0.1:1/precieuse")

    assert lancement.finir() == 1
    assert "n’est pas à la démonstration" in lancement.lu


def test_une_base_sans_son_mot_de_passe_renvoie_vers_reinitialiser(lancer, dossier):
    (dossier / "var" / "services" / "postgresql").mkdir(parents=True)

    lancement = lancer()

    assert lancement.finir() == 1
    assert "mot de passe de la base" in lancement.lu
    assert "--reinitialiser" in lancement.lu
