"""Ce dont héritent les processus de la démonstration."""

from __future__ import annotations

import subprocess
import sys

from sas_platform.demo import services


def test_un_module_se_compile_une_fois_meme_si_la_machine_le_defend(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(services, "VAR", tmp_path)

    importer = [sys.executable, "-c", "import sas_platform.socle.francais"]
    subprocess.run(importer, env=services.environnement({}), check=True)

    assert list(tmp_path.rglob("francais.*.pyc"))


def test_rien_du_django_d_un_autre_ne_passe(monkeypatch):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "ailleurs.settings")

    assert services.environnement({"PORT": "1"}).keys() & {"DJANGO_SETTINGS_MODULE", "PORT"} == {"PORT"}
