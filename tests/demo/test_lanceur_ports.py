import os
import socket

import pytest

from sas_platform.demo import ports
from sas_platform.demo.etat import ErreurLancement


@pytest.fixture
def port_pris():
    with socket.socket() as prise:
        prise.bind((ports.HOTE, 0))
        prise.listen()
        yield prise.getsockname()[1]


def test_un_port_demande_et_pris_est_refuse_en_disant_par_qui_et_que_faire(port_pris):
    with pytest.raises(ErreurLancement) as erreur:
        ports.port_public(port_pris, 8000)

    message = str(erreur.value)
    assert f"le port {port_pris} est déjà pris" in message
    assert f"processus {os.getpid()}" in message
    assert "--port" in message


def test_sans_demande_le_site_prend_le_port_libre_suivant(port_pris):
    choisi = ports.port_public(None, port_pris)

    assert choisi != port_pris
    assert ports.est_libre(choisi)


def test_un_port_interne_pris_est_remplace(port_pris):
    assert ports.port_libre(port_pris) != port_pris


def test_un_port_interne_libre_est_garde():
    prefere = ports.port_libre()

    assert ports.port_libre(prefere) == prefere


@pytest.mark.parametrize("port", [0, 65536, -1])
def test_un_port_hors_bornes_est_refuse(port):
    with pytest.raises(ErreurLancement, match="de 1 à 65535"):
        ports.port_public(port, 8000)


def test_un_processus_mort_n_est_pas_attendu_jusqu_au_bout():
    libre = ports.port_libre()

    with pytest.raises(ErreurLancement, match="s’est arrêté en démarrant"):
        ports.attendre(libre, vivant=lambda: False, delai_s=60, quoi="Valkey")
