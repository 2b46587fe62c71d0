"""Le calcul d’itinéraire de l’État, joué par un serveur local."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from orientation.trajets import itineraire
from sas_platform.socle.appels import Disjoncteur


@pytest.fixture
def service(monkeypatch, settings):
    """Répond `service.reponse`, après `service.attente` s’il y en a une ; les demandes se lisent ensuite."""
    monkeypatch.setattr(itineraire, "disjoncteur", Disjoncteur())

    class Gestionnaire(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.demandes.append(self.path)
            self.server.liberer.wait(timeout=self.server.attente)
            code, corps = self.server.reponse
            try:
                self.send_response(code)
                self.end_headers()
                self.wfile.write(corps)
            except OSError:
                pass  # le client est parti : c’est ce qu’on attend de lui

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Gestionnaire) as http:
        http.demandes, http.attente, http.liberer = [], 0, threading.Event()
        http.reponse = (200, json.dumps({"duration": 701.2, "distance": 5400.0}).encode())
        http.url = settings.ITINERAIRE_URL = f"http://127.0.0.1:{http.server_address[1]}/navigation"
        threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield http
        http.liberer.set()
        http.shutdown()
