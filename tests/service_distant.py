"""Un service que la plateforme appelle, joué par un serveur HTTP local."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class ServiceDistant(ThreadingHTTPServer):
    """Répond `reponse` (code, corps), après `attente` secondes au plus ; `demandes` garde les chemins demandés."""

    def __init__(self, reponse: tuple[int, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Gestionnaire)
        self.demandes: list[str] = []
        self.attente = 0
        self.liberer = threading.Event()
        self.reponse = reponse
        self.url = f"http://127.0.0.1:{self.server_address[1]}/service"


class _Gestionnaire(BaseHTTPRequestHandler):
    server: ServiceDistant

    def do_GET(self) -> None:
        self.server.demandes.append(self.path)
        self.server.liberer.wait(timeout=self.server.attente)
        code, corps = self.server.reponse
        try:
            self.send_response(code)
            self.end_headers()
            self.wfile.write(corps)
        except OSError:
            pass  # le client est parti : c’est ce qu’on attend de lui

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def servir(reponse: tuple[int, bytes]) -> Iterator[ServiceDistant]:
    with ServiceDistant(reponse) as service:
        threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield service
        service.liberer.set()
        service.shutdown()
