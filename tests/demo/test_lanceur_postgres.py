import os
import signal
from pathlib import Path

import psycopg
import pytest

from sas_platform.demo import ports, postgres
from sas_platform.demo.binaires import PostgreSQL
from sas_platform.demo.etat import ErreurLancement
from sas_platform.demo.supervision import Superviseur

SECRET = "essai"


@pytest.fixture
def demarrer(superviseur, dossier, executables, compte):
    donnees = dossier / "postgresql"

    def demarrer_la_base(par: Superviseur = superviseur, secret: str = SECRET) -> str:
        postgres.initialiser(donnees, executables, secret, compte)
        port = ports.port_libre()
        postgres.demarrer(
            par, donnees, executables, port=port, mot_de_passe=secret, compte=compte, jetable=True
        )
        url = postgres.url_base(port, secret)
        postgres.creer_base(url)
        return url

    demarrer_la_base.donnees = donnees
    return demarrer_la_base


def test_la_base_exige_un_mot_de_passe(demarrer):
    url = demarrer()

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace(f":{SECRET}@", ":autre@"))


def test_une_initialisation_coupee_se_refait(demarrer):
    reste = demarrer.donnees.with_name("postgresql.nouveau")
    reste.mkdir()
    (reste / "PG_VERSION").write_text("18")

    demarrer()

    assert not reste.exists()


def test_la_base_repart_avec_ses_donnees_apres_un_kill_9(demarrer, superviseur):
    with psycopg.connect(demarrer()) as lien:
        lien.execute("CREATE TABLE temoin AS SELECT 7 AS valeur")
    superviseur.enfants[0].processus.send_signal(signal.SIGKILL)
    superviseur.enfants[0].processus.wait()
    superviseur.arreter()

    with psycopg.connect(demarrer()) as lien:
        assert lien.execute("SELECT valeur FROM temoin").fetchone() == (7,)


def test_le_numero_de_processus_d_un_autre_n_empeche_pas_de_demarrer(demarrer, superviseur):
    demarrer()
    superviseur.arreter()
    (demarrer.donnees / "postmaster.pid").write_text(f"{os.getpid()}\n{demarrer.donnees}\n")

    with psycopg.connect(demarrer()) as lien:
        assert lien.execute("SELECT 1").fetchone() == (1,)


def test_une_instance_oubliee_est_arretee_avant_de_repartir(demarrer, tmp_path):
    oubliee = Superviseur(tmp_path, tmp_path / "autre.json")
    demarrer(oubliee)

    url = demarrer()

    assert oubliee.enfants[0].processus.wait(60) == 0
    psycopg.connect(url).close()


def test_un_autre_mot_de_passe_que_celui_des_donnees_renvoie_vers_reinitialiser(demarrer, superviseur):
    demarrer()
    superviseur.arreter()

    with pytest.raises(ErreurLancement, match="--reinitialiser"):
        demarrer(secret="perdu")


def test_des_donnees_d_une_autre_version_sont_refusees(tmp_path):
    (tmp_path / "PG_VERSION").write_text("15\n")

    with pytest.raises(ErreurLancement, match=r"PostgreSQL 15, les binaires .* 18\.6[\s\S]*--reinitialiser"):
        postgres.initialiser(tmp_path, PostgreSQL(Path("/usr/bin"), "18.6"), SECRET, None)


def test_un_dossier_incomplet_est_refuse(tmp_path):
    with pytest.raises(ErreurLancement, match="n’est pas un dossier de données"):
        postgres.initialiser(tmp_path, PostgreSQL(Path("/usr/bin"), "18.6"), SECRET, None)


def test_des_donnees_abimees_donnent_le_journal_du_serveur(demarrer, superviseur):
    demarrer()
    superviseur.arreter()
    (demarrer.donnees / "global" / "pg_control").write_bytes(b"")

    with pytest.raises(ErreurLancement, match=r"n’a pas démarré[\s\S]*pg_control[\s\S]*--reinitialiser"):
        demarrer()


def test_une_base_designee_qui_ne_repond_pas_est_nommee():
    with pytest.raises(ErreurLancement, match="DATABASE_URL ne répond pas"):
        postgres.verifier_base_externe(f"postgres://sas@127.0.0.1:{ports.port_libre()}/sas")
