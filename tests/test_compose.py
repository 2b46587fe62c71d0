"""docker-compose.yml se tient : aucun moteur de conteneurs n’est là pour le lancer, on le lit."""

import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings

RACINE = Path(settings.RACINE)
COMPOSE = yaml.safe_load((RACINE / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
APPLICATION = [nom for nom in SERVICES if nom.startswith(("web", "worker", "horloge", "migrations"))]
REGLAGES = (RACINE / "sas_platform" / "settings.py").read_text()
SANS_SONDE = {"migrations"}  # s’arrête une fois son travail fait

tous = pytest.mark.parametrize("nom", SERVICES)
de_l_application = pytest.mark.parametrize("nom", APPLICATION)


def variables(nom: str) -> dict[str, str]:
    return SERVICES[nom].get("environment", {})


def test_la_topologie_est_celle_de_la_conception():
    assert {"mandataire", "web-1", "web-2", "horloge", "base-principale", "base-replique", "courtier"} <= set(
        SERVICES
    )


@tous
def test_chaque_service_a_une_image_ou_une_construction(nom):
    assert "image" in SERVICES[nom] or "build" in SERVICES[nom]


@tous
def test_chaque_version_est_figee(nom):
    image = SERVICES[nom]["image"]

    assert re.search(r":\$\{VERSION:\?[^}]+\}$|:\d+\.\d+(\.\d+)?(-[a-z]+)?$", image), image


def test_les_images_de_construction_sont_figees():
    origines = re.findall(r"^FROM (\S+)", (RACINE / "deploiement" / "Dockerfile").read_text(), re.MULTILINE)

    assert origines
    assert all(re.search(r":\d+\.\d+\.\d+-", origine) for origine in origines)


@tous
def test_chaque_service_redemarre_et_dit_sa_sante(nom):
    service = SERVICES[nom]

    assert service["restart"] in ("unless-stopped", "on-failure:3")
    if nom not in SANS_SONDE:
        assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")


@tous
def test_chaque_dependance_existe_et_attend_un_etat(nom):
    for cible, attente in SERVICES[nom].get("depends_on", {}).items():
        assert cible in SERVICES
        sans_sonde = cible in SANS_SONDE
        attendu = "service_completed_successfully" if sans_sonde else "service_healthy"
        assert attente["condition"] == attendu


@tous
def test_les_secrets_viennent_de_fichiers_declares(nom):
    declares = COMPOSE["secrets"]
    for secret in SERVICES[nom].get("secrets", []):
        assert declares[secret]["file"].startswith("deploiement/secrets/")
    for fichier in re.findall(r"/run/secrets/(\w+)", yaml.safe_dump(SERVICES[nom])):
        assert fichier in SERVICES[nom]["secrets"], f"{nom} lit {fichier} sans le recevoir"


@tous
def test_aucun_secret_en_clair(nom):
    for variable, valeur in variables(nom).items():
        if re.search("KEY|SECRET|PASSWORD|TOKEN|DATABASE_URL|REDIS_URL", variable):
            assert variable.endswith("_FILE"), variable
            assert valeur.startswith("/run/secrets/")
    assert not re.search(r"://[^/\s]+:[^/\s]+@", yaml.safe_dump(SERVICES[nom]))


def test_les_secrets_restent_hors_du_depot():
    assert "deploiement/secrets/" in (RACINE / ".gitignore").read_text()


@de_l_application
def test_chaque_variable_est_lue_par_les_reglages(nom):
    for variable in variables(nom):
        assert f'"{variable.removesuffix("_FILE")}"' in REGLAGES, variable


def test_toute_variable_obligatoire_en_ligne_est_donnee():
    donnees = {variable.removesuffix("_FILE") for variable in variables("web-1")}

    assert donnees >= {
        "ENVIRONNEMENT",
        "SECRET_KEY",
        "DATABASE_URL",
        "REDIS_URL",
        "ALLOWED_HOSTS",
        "URL_PUBLIQUE",
    }
    assert donnees >= {"CSRF_TRUSTED_ORIGINS", "PSC_DECOUVERTE_URL", "PSC_CLIENT_ID", "PSC_CLIENT_SECRET"}
    assert donnees >= {"EDITEURS_CERTIFICAT", "EDITEURS_CLE"}, "les éditeurs exigent un certificat client"


def test_le_livre_de_bord_dit_chaque_secret_et_chaque_variable():
    livre = (RACINE / "docs" / "exploitation.md").read_text()
    secrets = {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    lues = set(re.findall(r'env(?:\.\w+)?\(\s*"(\w+)"', REGLAGES))

    assert {nom for nom in secrets | lues if f"`{nom}`" not in livre} == set()


def test_l_exemple_de_reglages_couvre_ce_que_compose_demande():
    demandees = set(re.findall(r"\$\{(\w+)", (RACINE / "docker-compose.yml").read_text()))
    exemple = set(re.findall(r"^(\w+)=", (RACINE / ".env.example").read_text(), re.MULTILINE))

    assert demandees == exemple


def test_les_workers_servent_exactement_les_files_des_taches():
    from sas_platform.celery import app

    servies = [
        SERVICES[nom]["command"][SERVICES[nom]["command"].index("-Q") + 1]
        for nom in SERVICES
        if nom.startswith("worker")
    ]

    assert sorted(servies) == sorted(file.name for file in app.conf.task_queues)


def test_chaque_worker_est_sonde_sous_son_nom():
    for nom in SERVICES:
        if nom.startswith("worker"):
            commande = SERVICES[nom]["command"]
            file = commande[commande.index("-Q") + 1]
            assert commande[commande.index("-n") + 1] == f"{file}@%h"
            assert SERVICES[nom]["healthcheck"]["test"][-2:] == ["worker", file]


def test_une_seule_horloge():
    assert [nom for nom in SERVICES if "beat" in SERVICES[nom].get("command", [])] == ["horloge"]


@de_l_application
def test_l_application_tourne_sans_privilege_et_finit_ses_taches(nom):
    service = SERVICES[nom]

    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert int(service["stop_grace_period"].removesuffix("s")) > settings.CELERY_TASK_TIME_LIMIT
    assert "USER sas" in (RACINE / "deploiement" / "Dockerfile").read_text()


def test_la_base_et_le_courtier_ne_sont_joignables_que_de_l_interieur():
    assert COMPOSE["networks"]["interne"] == {"internal": True}
    for nom in ("base-principale", "base-replique", "courtier"):
        assert SERVICES[nom]["networks"] == ["interne"]
        assert "ports" not in SERVICES[nom]


@tous
def test_chaque_fichier_monte_existe(nom):
    for montage in SERVICES[nom].get("volumes", []):
        source = montage.split(":")[0]
        if source.startswith("./"):
            assert (RACINE / source).is_file(), source
        else:
            assert source in COMPOSE["volumes"]


def test_le_mandataire_ecrase_les_en_tetes_qu_un_client_pourrait_forger():
    conf = (RACINE / "deploiement" / "nginx.conf").read_text()

    for place in ("location / {\n            proxy_pass", "location /fhir/ {"):
        bloc = conf[conf.index(place) :].partition("}")[0]
        for entete in ("X-Forwarded-Proto", "X-Forwarded-For", "X-Request-Id"):
            assert f"proxy_set_header {entete} " in bloc
        for entete in ("X-SSL-Client-Verify", "X-SSL-Client-Cert"):
            assert f"proxy_set_header {entete} " in bloc
        assert "X-SAS-Mandataire" in bloc
    assert "$request_uri" not in conf[: conf.index("upstream")], "une adresse demandée ne va pas au journal"


def test_une_erreur_du_mandataire_ne_cite_pas_l_adresse_qu_un_lrm_transmet():
    conf = (RACINE / "deploiement" / "nginx.conf").read_text()

    bloc = conf[conf.index("location = /recherche/ {") :].partition("}")[0]
    assert "error_log /dev/null crit;" in bloc


def test_le_certificat_client_n_est_demande_qu_aux_editeurs():
    conf = (RACINE / "deploiement" / "nginx.conf").read_text()
    serveurs = conf.split("    server {\n")[1:]
    demandeurs = [serveur for serveur in serveurs if "ssl_verify_client" in serveur]

    assert len(demandeurs) == 1
    assert "server_name ~^fhir" in demandeurs[0]
    assert "ssl_crl" in demandeurs[0]
    assert "include /run/secrets/mandataire_entete;" in demandeurs[0]
    assert conf.count("ssl_protocols TLSv1.2 TLSv1.3;") == 2


def test_le_mandataire_repartit_entre_les_deux_processus_web():
    conf = (RACINE / "deploiement" / "nginx.conf").read_text()

    assert set(re.findall(r"server (web-\d):8000", conf)) == {
        nom for nom in SERVICES if nom.startswith("web-")
    }


def test_l_image_ne_contient_que_les_paquets_de_production_et_rien_de_simule():
    dockerfile = (RACINE / "deploiement" / "Dockerfile").read_text()

    assert "--require-hashes -r requirements/production.txt" in dockerfile
    assert "rm -rf sas_platform/demo" in dockerfile
    for application in ("comptes", "annuaire", "participation", "agenda", "orientation", "sas_platform"):
        assert f"COPY {application} {application}\n" in dockerfile
        assert f"!{application}\n" in (RACINE / ".dockerignore").read_text()
