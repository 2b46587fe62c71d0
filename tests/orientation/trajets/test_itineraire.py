"""Le connecteur d’itinéraire : lent, en panne, illisible, il ne retient jamais la page."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
import structlog

from orientation.trajets import itineraire
from orientation.trajets.itineraire import durees_min

DEPART, ARRIVEE = (50.6371234, 3.0601234), (50.6292, 3.0573)


def test_une_duree_par_arrivee_en_minutes_entieres(service):
    assert durees_min(service.url, DEPART, [ARRIVEE, (50.7, 3.1)]) == [12, 12]


def test_le_depart_part_arrondi_a_cent_metres(service):
    durees_min(service.url, DEPART, [ARRIVEE])

    (demande,) = service.demandes
    parametres = parse_qs(urlsplit(demande).query)
    assert parametres["start"] == ["3.06,50.637"]
    assert parametres["profile"] == ["car"]
    assert urlsplit(demande).path == "/service/itineraire"


@pytest.mark.parametrize(
    "reponse",
    [
        pytest.param((500, b"panne"), id="erreur 500"),
        pytest.param((429, b""), id="trop d’appels"),
        pytest.param((302, b""), id="redirection"),
        pytest.param((200, b"<html>"), id="page web"),
        pytest.param((200, b'{"distance": 3}'), id="sans durée"),
        pytest.param((200, b'{"duration": "longtemps"}'), id="durée en lettres"),
        pytest.param((200, b'{"duration": -4}'), id="durée négative"),
        pytest.param((200, b'{"duration": 1e12}'), id="durée invraisemblable"),
        pytest.param((200, b'{"duration": 60, "x": "' + b" " * 500_000 + b'"}'), id="réponse démesurée"),
    ],
)
def test_une_reponse_inutilisable_ne_donne_pas_de_duree(service, reponse):
    service.reponse = reponse

    assert durees_min(service.url, DEPART, [ARRIVEE]) == [None]


def test_un_service_lent_est_abandonne_et_le_journal_tait_le_depart(service, monkeypatch):
    monkeypatch.setattr(itineraire, "DELAI_S", 0.1)
    service.attente = 30
    debut = time.monotonic()

    with structlog.testing.capture_logs() as lignes:
        assert durees_min(service.url, DEPART, [ARRIVEE]) == [None]

    assert time.monotonic() - debut < service.attente
    assert lignes
    assert "50.637" not in str(lignes)


def test_un_service_absent_ne_donne_pas_de_duree(service):
    service.shutdown()
    service.server_close()

    assert durees_min("http://127.0.0.1:9/navigation", DEPART, [ARRIVEE]) == [None]


def test_apres_trois_echecs_on_n_appelle_plus(service):
    service.reponse = (500, b"")
    for _ in range(5):
        durees_min(service.url, DEPART, [ARRIVEE])

    assert len(service.demandes) == 3
