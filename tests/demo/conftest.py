"""Services démarrés pour de vrai, dans un dossier que leur compte peut lire même si pytest tourne en root."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sas_platform.demo.binaires import PostgreSQL, compte_des_services, trouver_postgres
from sas_platform.demo.supervision import Compte, Superviseur


@pytest.fixture(scope="session")
def compte() -> Compte | None:
    return compte_des_services()


@pytest.fixture
def dossier(compte: Compte | None) -> Iterator[Path]:
    chemin = Path(tempfile.mkdtemp(prefix="sas-essai-"))
    if compte:
        os.chown(chemin, compte.uid, compte.gid)
    yield chemin
    shutil.rmtree(chemin, ignore_errors=True)


@pytest.fixture
def executables(dossier: Path, compte: Compte | None) -> PostgreSQL:
    return trouver_postgres(dossier, compte)


@pytest.fixture
def superviseur(tmp_path: Path) -> Iterator[Superviseur]:
    neuf = Superviseur(tmp_path, tmp_path / "processus.json")
    yield neuf
    neuf.arreter()
