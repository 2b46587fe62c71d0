import subprocess
import sys
from collections import namedtuple

import pytest

from sas_platform.demo import etat
from sas_platform.demo.etat import ErreurLancement, Jalon, Verrou, ecrire_env, empreinte_fichiers, lire_env


def test_les_variables_se_relisent_telles_quelles_et_restent_privees(tmp_path):
    fichier = tmp_path / "env"
    variables = {"SECRET_KEY": 'a\'b "c" $d`e', "DATABASE_URL": "postgres://sas:x@127.0.0.1:1/sas"}

    ecrire_env(variables, fichier)

    assert lire_env(fichier) == variables
    assert fichier.stat().st_mode & 0o777 == 0o600


def test_le_terminal_lit_les_memes_variables(tmp_path):
    fichier = tmp_path / "env"
    ecrire_env({"SECRET_KEY": 'a\'b "c" $d`e'}, fichier)

    lu = subprocess.run(
        ["sh", "-c", f'set -a; . {fichier}; printf %s "$SECRET_KEY"'],
        capture_output=True,
        text=True,
        check=True,
    )

    assert lu.stdout == 'a\'b "c" $d`e'


def test_un_fichier_de_variables_abime_renvoie_vers_reinitialiser(tmp_path):
    fichier = tmp_path / "env"
    fichier.write_text("DATABASE_URL=deux mots\n")

    with pytest.raises(ErreurLancement, match="--reinitialiser"):
        lire_env(fichier)


def test_une_seconde_demonstration_est_refusee_en_nommant_la_premiere(tmp_path):
    fichier = tmp_path / "verrou"
    premiere = Verrou(fichier)
    premiere.prendre()
    premiere.signer("http://127.0.0.1:8000")

    with pytest.raises(ErreurLancement, match=r"tourne déjà dans ce dossier .*http://127.0.0.1:8000"):
        Verrou(fichier).prendre()

    premiere.rendre()


def test_le_verrou_d_un_lanceur_tue_se_reprend(tmp_path):
    fichier = tmp_path / "verrou"
    code = (
        "import os, signal, sys; from pathlib import Path; from sas_platform.demo.etat import Verrou\n"
        "v = Verrou(Path(sys.argv[1])); v.prendre(); v.signer('essai'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(fichier)], cwd=etat.RACINE, check=False)

    suivant = Verrou(fichier)
    suivant.prendre()
    suivant.rendre()


def test_un_dossier_ou_l_on_ne_peut_ecrire_est_signale(tmp_path, monkeypatch):
    (tmp_path / "var").write_text("un fichier à la place du dossier")
    monkeypatch.setattr(etat, "VAR", tmp_path / "var")
    monkeypatch.setattr(etat, "JOURNAUX", tmp_path / "var" / "journaux")

    with pytest.raises(ErreurLancement, match="impossible d’écrire dans"):
        etat.preparer_var()


def test_un_disque_presque_plein_est_signale(tmp_path, monkeypatch):
    monkeypatch.setattr(etat, "VAR", tmp_path)
    monkeypatch.setattr(etat, "JOURNAUX", tmp_path / "journaux")
    usage = namedtuple("usage", "total used free")(10**10, 10**10, 12_000_000)
    monkeypatch.setattr(etat.shutil, "disk_usage", lambda chemin: usage)

    with pytest.raises(ErreurLancement, match="il reste 12 Mo"):
        etat.preparer_var()


@pytest.mark.parametrize("contenu", [None, "", "{", '{"echelle": "nationale"}'])
def test_un_jalon_absent_abime_ou_autre_fait_refaire(tmp_path, monkeypatch, contenu):
    monkeypatch.setattr(etat, "VAR", tmp_path)
    jalon = Jalon("donnees")
    if contenu is not None:
        jalon.fichier.write_text(contenu)

    assert not jalon.vaut({"echelle": "locale"})


def test_un_jalon_pose_evite_de_refaire(tmp_path, monkeypatch):
    monkeypatch.setattr(etat, "VAR", tmp_path)

    Jalon("donnees").poser({"echelle": "locale"})

    assert Jalon("donnees").vaut({"echelle": "locale"})


def test_l_empreinte_suit_le_contenu_des_fichiers(tmp_path, monkeypatch):
    monkeypatch.setattr(etat, "RACINE", tmp_path)
    feuille = tmp_path / "static" / "css" / "sas.css"
    feuille.parent.mkdir(parents=True)
    feuille.write_text("a{}")
    avant = empreinte_fichiers([tmp_path / "static"])

    feuille.write_text("b{}")

    assert empreinte_fichiers([tmp_path / "static"]) != avant
