"""La sonde dit vrai, vite, sans authentification et sans secret."""

import socket
from datetime import timedelta
from time import monotonic

import pytest
from django.core.management import call_command
from django.utils import timezone

from agenda.models import Editeur, Lot
from sas_platform import sonde

PORT_FERME = "redis://:mot-de-passe@127.0.0.1:9/0"


@pytest.fixture
def worker(monkeypatch):
    monkeypatch.setattr(sonde.celery_app.control, "ping", lambda **_: [{"worker@ici": {"ok": "pong"}}])


@pytest.mark.django_db
def test_tout_va_bien(client, worker):
    reponse = client.get("/sante/")

    assert reponse.status_code == 200
    assert reponse.json() == {"statut": "ok", "base": "ok", "broker": "ok", "worker": "ok", "flux": {}}
    assert "no-store" in reponse.headers["Cache-Control"]


@pytest.mark.django_db(transaction=True)
def test_les_flux_disent_l_age_de_la_derniere_lecture(client, worker):
    maintenant = timezone.now()
    lu = Editeur.objects.create(code="lu", nom="Lu", url_base="http://a.invalid")
    Lot.objects.create(editeur=lu, numero=1, lu_le=maintenant - timedelta(seconds=500))
    Lot.objects.create(editeur=lu, numero=2, lu_le=maintenant - timedelta(seconds=90))
    Editeur.objects.create(code="muet", nom="Muet", url_base="http://b.invalid")
    Editeur.objects.create(code="ferme", nom="Fermé", url_base="http://c.invalid", est_actif=False)

    flux = client.get("/sante/").json()["flux"]

    assert flux.keys() == {"lu", "muet"}
    assert 90 <= flux["lu"] <= 100
    assert flux["muet"] is None


@pytest.mark.django_db
def test_sans_worker_la_sonde_est_en_panne(client, monkeypatch):
    monkeypatch.setattr(sonde.celery_app.control, "ping", lambda **_: [])

    reponse = client.get("/sante/")

    assert reponse.status_code == 503
    assert reponse.json()["worker"] == "aucun"


@pytest.mark.django_db
def test_courtier_arrete_la_sonde_le_dit_et_les_pages_repondent(client, settings):
    settings.CELERY_BROKER_URL = PORT_FERME

    reponse = client.get("/sante/")

    assert reponse.status_code == 503
    assert reponse.json() | {"flux": {}} == {
        "statut": "panne",
        "base": "ok",
        "broker": "panne",
        "worker": "inconnu",
        "flux": {},
    }
    assert "mot-de-passe" not in reponse.content.decode()
    assert client.get("/").status_code == 200


def test_base_arretee_la_sonde_repond_quand_meme(client, worker, base_arretee):
    reponse = client.get("/sante/")

    assert reponse.status_code == 503
    assert reponse.json()["base"] == "panne"
    assert reponse.json()["broker"] == "ok"


def test_la_sonde_n_attend_pas_un_courtier_muet(settings, monkeypatch):
    """Un port qui accepte et ne répond rien : le délai de la sonde coupe."""
    with socket.create_server(("127.0.0.1", 0)) as muet:
        settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{muet.getsockname()[1]}/0"
        monkeypatch.setattr(sonde, "DELAI_S", 0.1)
        debut = monotonic()

        assert sonde._courtier() == "panne"

    assert monotonic() - debut < 20


def test_la_table_des_taches_periodiques_nomme_des_taches_et_des_files_qui_existent():
    from sas_platform.celery import app

    app.loader.import_default_modules()
    files = {file.name for file in app.conf.task_queues}
    for entree in app.conf.beat_schedule.values():
        assert entree["task"] in app.tasks
        assert entree["options"]["queue"] in files


@pytest.mark.django_db
def test_les_migrations_suivent_les_modeles():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
