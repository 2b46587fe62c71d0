"""Le démarrage de l’éditeur simulé, ses refus, et la commande qui le remet à neuf."""

import dataclasses
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from sas_platform.demo import ports
from sas_platform.demo.editeur_simule import __main__ as lanceur
from sas_platform.demo.editeur_simule.application import EditeurSimule
from sas_platform.demo.editeur_simule.jeu_kit import ANNUAIRE
from tests.kit.client import MAINTENANT, demander
from tests.kit.test_comptes import UUID, regulateur


@pytest.fixture(autouse=True)
def en_test(monkeypatch):
    monkeypatch.setenv("ENVIRONNEMENT", "test")


@pytest.mark.parametrize("environnement", ["production", "preproduction"])
def test_il_refuse_de_demarrer_en_production(environnement, monkeypatch, capsys):
    monkeypatch.setenv("ENVIRONNEMENT", environnement)

    assert lanceur.main(["--port", "1", "--annuaire", "absent.json"]) == 2
    assert "refusé" in capsys.readouterr().err


@pytest.mark.parametrize("contenu", ['{"praticiens": [{"nom": 3}]}', "[]", "{"])
def test_un_annuaire_illisible_est_une_erreur_claire(contenu, tmp_path, capsys):
    fichier = tmp_path / "annuaire.json"
    fichier.write_text(contenu)

    assert lanceur.main(["--port", "1", "--annuaire", str(fichier)]) == 1
    assert "illisible" in capsys.readouterr().err


def test_un_certificat_absent_est_une_erreur_claire(tmp_path, capsys):
    options = ["--port", "1", "--retour", "https://127.0.0.1:1/fhir", "--certificats", str(tmp_path)]

    assert lanceur.main(options) == 1
    assert "Fichier illisible" in capsys.readouterr().err


def test_l_annuaire_du_lanceur_se_lit(tmp_path):
    fichier = tmp_path / "annuaire.json"
    fichier.write_text(json.dumps(dataclasses.asdict(ANNUAIRE)))

    assert lanceur.lire_annuaire(fichier) == ANNUAIRE


def test_la_commande_remet_a_neuf_l_editeur_qui_tourne(capsys):
    recus = []

    class Editeur(BaseHTTPRequestHandler):
        def do_POST(self):
            recus.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Editeur) as serveur:
        fil = threading.Thread(target=serveur.handle_request)
        fil.start()
        code = lanceur.main(["--port", str(serveur.server_port), "--reinitialiser", "--jeu", "kit"])
        fil.join(10)

    assert code == 0
    assert recus == [("/commandes/reinitialiser", b'{"jeu":"kit"}')]
    assert "Remis à neuf" in capsys.readouterr().out


def test_remettre_a_neuf_ce_qui_ne_tourne_pas_est_une_erreur_claire(capsys):
    assert lanceur.main(["--port", str(ports.port_libre(0)), "--reinitialiser"]) == 1
    assert "ne répond" in capsys.readouterr().err


def test_les_comptes_survivent_a_un_arret_mais_pas_a_une_remise_a_neuf(tmp_path):
    """La plateforme, qui les sait à jour, ne les renverrait pas à l’éditeur relancé."""
    memoire = tmp_path / "comptes.json"
    corps = json.dumps(regulateur()).encode()
    entetes = {"Content-Type": "application/json"}

    def relancer():
        return EditeurSimule((), horloge=lambda: MAINTENANT, memoire=memoire)

    premier = demander(relancer(), "/fhir/Practitioner", "POST", data=corps, headers=entetes)
    double = demander(relancer(), "/fhir/Practitioner", "POST", data=corps, headers=entetes)
    demander(relancer(), "/commandes/reinitialiser", "POST")

    assert (premier.statut, double.statut) == (201, 409)
    assert relancer().comptes.tenus == {}


def test_un_compte_cree_apres_un_arret_a_un_autre_numero(tmp_path):
    memoire = tmp_path / "comptes.json"
    corps = [json.dumps(regulateur(*qui)).encode() for qui in ((), (UUID, "INTRN"))]
    lieux = [
        demander(
            EditeurSimule((), horloge=lambda: MAINTENANT, memoire=memoire),
            "/fhir/Practitioner",
            "POST",
            data=un,
            headers={"Content-Type": "application/json"},
        ).lieu.rpartition("/")[2]
        for un in corps
    ]

    assert lieux == ["1", "2"]
