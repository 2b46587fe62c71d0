"""./bin/test : ce qu’il demande, ce qu’il transmet, ce qu’il laisse derrière lui."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sas_platform.demo import essais
from sas_platform.demo.etat import RACINE, ErreurLancement


def test_sans_navigateur_ni_droits_le_message_dit_quoi_installer(monkeypatch):
    monkeypatch.delenv("SAS_SANS_NAVIGATEUR", raising=False)
    monkeypatch.setattr(essais, "_navigateur_present", lambda: False)
    monkeypatch.setattr(essais, "_droits_d_installer", lambda: None)

    with pytest.raises(ErreurLancement, match=r"apt-get install .*chromium-headless-shell libatomic1"):
        essais._exiger_un_navigateur()


def test_on_peut_se_passer_du_navigateur_en_le_disant(monkeypatch):
    monkeypatch.setenv("SAS_SANS_NAVIGATEUR", "1")
    monkeypatch.setattr(essais, "_navigateur_present", lambda: False)

    essais._exiger_un_navigateur()


@pytest.mark.parametrize(
    ("arguments", "reparti"),
    [
        pytest.param([], True, id="toute la série"),
        pytest.param(["-k", "plage"], True, id="un filtre"),
        pytest.param(["tests/demo"], False, id="un dossier"),
        pytest.param(["tests/demo/test_lanceur_essais.py::test_x"], False, id="un test"),
    ],
)
def test_la_serie_entiere_occupe_tous_les_coeurs(arguments, reparti):
    assert bool(essais._repartition(arguments)) is reparti


AVEC_LA_BASE = """
import pytest
from django.db import connection

@pytest.mark.django_db
def test_ephemere():
    assert connection.introspection.table_names()
"""
SANS_LA_BASE = "def test_ephemere():\n    assert False\n"  # l’échec n’attend pas les migrations


@pytest.mark.parametrize(("corps", "code"), [(AVEC_LA_BASE, 0), (SANS_LA_BASE, 1)], ids=["passe", "échoue"])
def test_le_code_et_la_derniere_ligne_sont_ceux_de_pytest_et_rien_ne_reste(dossier, corps, code):
    fichier = RACINE / "tests" / "demo" / f"essai_ephemere_{code}_{os.getpid()}.py"
    fichier.write_text(corps)
    env = {nom: v for nom, v in os.environ.items() if not nom.startswith("PYTEST_")}
    env |= {
        "SAS_VAR": str(dossier / "var"),
        "SAS_SANS_NAVIGATEUR": "1",
        "DATABASE_URL": "postgres://ailleurs/x",
    }
    try:
        resultat = subprocess.run(
            [sys.executable, "-m", "sas_platform.demo.essais", "tests", "-q", str(fichier)],
            cwd=RACINE,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        fichier.unlink()

    assert resultat.returncode == code, resultat.stdout + resultat.stderr
    assert ("1 passed" if code == 0 else "1 failed") in resultat.stdout.splitlines()[-1]
    assert _restes(dossier) == []


def _restes(dossier: Path) -> list[Path]:
    return list((dossier / "var" / "services" / "jetables").iterdir())
