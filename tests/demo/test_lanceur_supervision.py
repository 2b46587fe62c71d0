import json
import os
import signal
import subprocess
import sys
import time

import pytest

from sas_platform.demo.etat import ErreurLancement
from sas_platform.demo.supervision import arreter_les_restes, naissance

DORMIR = [sys.executable, "-c", "import time; print('debout', flush=True); time.sleep(60)"]
SOURD = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('debout', flush=True); time.sleep(60)",
]
ENV = {"PATH": os.environ["PATH"]}


def attendre_que(condition):
    limite = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < limite, "la condition attendue n’est jamais venue"
        time.sleep(0.01)


def lancer(superviseur, nom, commande=DORMIR, rang=1):
    enfant = superviseur.lancer(nom, commande, env=ENV, rang=rang)
    attendre_que(lambda: "debout" in enfant.journal.read_text())
    return enfant


def test_la_mort_d_un_enfant_est_dite_avec_ses_dernieres_lignes(superviseur):
    superviseur.lancer("site", [sys.executable, "-c", "print('panne du site'); exit(3)"], env=ENV, rang=1)

    with pytest.raises(ErreurLancement, match=r"« site » s’est arrêté \(code 3\)[\s\S]*panne du site"):
        superviseur.surveiller()


def test_un_worker_tue_repart_et_son_journal_continue(superviseur, monkeypatch):
    monkeypatch.setattr("sas_platform.demo.supervision.VIE_MINIMALE_S", 0.0)
    worker = superviseur.lancer("worker", DORMIR, env=ENV, rang=1, se_relance=True)
    attendre_que(lambda: "debout" in worker.journal.read_text())
    tue = worker.processus
    tue.kill()
    tue.wait()

    superviseur.verifier()

    assert worker.est_vivant()
    assert worker.processus.pid != tue.pid
    attendre_que(lambda: worker.journal.read_text().count("debout") == 2)


def test_un_worker_qui_ne_demarre_pas_n_est_pas_relance(superviseur):
    superviseur.lancer("worker", [sys.executable, "-c", "exit(3)"], env=ENV, rang=1, se_relance=True)

    with pytest.raises(ErreurLancement, match=r"« worker » s’est arrêté \(code 3\)"):
        superviseur.surveiller()


def test_une_etape_qui_echoue_montre_son_journal(superviseur):
    with pytest.raises(ErreurLancement, match=r"« migrate » a échoué[\s\S]*table absente"):
        superviseur.executer("migrate", [sys.executable, "-c", "exit('table absente')"], env=ENV)


def test_une_etape_reussie_rend_ce_qu_elle_a_ecrit(superviseur):
    assert superviseur.executer("etape", [sys.executable, "-c", "print('fini')"], env=ENV) == "fini\n"


def test_une_etape_s_arrete_si_un_service_meurt_pendant_elle(superviseur):
    superviseur.lancer("valkey", [sys.executable, "-c", "exit(1)"], env=ENV, rang=1)

    with pytest.raises(ErreurLancement, match="« valkey »"):
        superviseur.executer("etape", DORMIR, env=ENV)


def test_l_arret_va_du_public_vers_les_services(superviseur):
    for nom, rang in (("postgresql", 0), ("valkey", 1), ("site", 3), ("worker", 2)):
        lancer(superviseur, nom, rang=rang)
    ordre = []

    superviseur.arreter(ordre.append)

    assert ordre == ["site", "worker", "valkey", "postgresql"]


def test_un_enfant_qui_ignore_l_arret_est_tue(superviseur, monkeypatch):
    monkeypatch.setattr("sas_platform.demo.supervision.DELAI_ARRET_S", 0.2)
    enfant = lancer(superviseur, "sourd", SOURD)

    superviseur.arreter()

    assert enfant.processus.returncode == -signal.SIGKILL


def test_les_restes_d_un_lanceur_tue_sont_arretes(superviseur):
    enfant = lancer(superviseur, "orphelin")

    arretes = arreter_les_restes(superviseur.registre)

    assert arretes == 1
    assert enfant.processus.wait(60) == -signal.SIGTERM


def test_un_processus_qui_a_recu_un_ancien_numero_est_epargne(tmp_path):
    registre = tmp_path / "processus.json"
    note = {"pid": os.getpid(), "ne_a": "une autre naissance", "arret": int(signal.SIGKILL), "rang": 0}
    registre.write_text(json.dumps([note]))

    assert arreter_les_restes(registre) == 0


@pytest.mark.parametrize("contenu", [None, "", "[{"])
def test_un_registre_absent_ou_a_moitie_ecrit_ne_gene_pas(tmp_path, contenu):
    registre = tmp_path / "processus.json"
    if contenu is not None:
        registre.write_text(contenu)

    assert arreter_les_restes(registre) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="service du noyau Linux")
def test_les_enfants_ne_survivent_pas_a_un_kill_9_du_lanceur(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from sas_platform.demo.supervision import Superviseur\n"
        "d = Path(sys.argv[1]); s = Superviseur(d, d / 'processus.json')\n"
        "e = s.lancer('dormeur', [sys.executable, '-c', \"import time; time.sleep(60)\"], env={}, rang=1)\n"
        "print(e.processus.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as lanceur:
        dormeur = int(lanceur.stdout.readline())
        lanceur.kill()

    attendre_que(lambda: not naissance(dormeur))
