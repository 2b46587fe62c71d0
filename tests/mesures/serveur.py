"""Le site, servi pour de vrai par granian dans un processus à part, et un client qui garde sa connexion."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core.management import call_command
from django.db import connection

RACINE = Path(__file__).resolve().parents[2]
HOTE = "127.0.0.1"
DELAI_S = 60
_LONGUEUR = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)


def url_de_la_base(nom: str = "") -> str:
    """Adresse de la base de cette série, ou d’une autre base du même serveur."""
    base = connection.settings_dict
    compte = quote(base["USER"]) + (f":{quote(base['PASSWORD'])}" if base["PASSWORD"] else "")
    return f"postgres://{compte}@{base['HOST']}:{base['PORT']}/{nom or base['NAME']}"


def environnement(**variables: str) -> dict[str, str]:
    """Celui d’un processus de la série : même base, mêmes services."""
    communs = {
        "DATABASE_URL": url_de_la_base(),
        "REDIS_URL": settings.REDIS_URL,
        "STATIC_ROOT": str(settings.STATIC_ROOT),
        "PYTHONPATH": str(RACINE),
        "DJANGO_SETTINGS_MODULE": "sas_platform.settings",
    }
    return {**os.environ, **communs, **variables}


def port_libre() -> int:
    with socket.socket() as prise:
        prise.bind((HOTE, 0))
        return int(prise.getsockname()[1])


class Client:
    """Une connexion HTTP/1.1 gardée ouverte ; toute réponse inattendue est une erreur.

    Sur la prise même : analyser des en-têtes comme le fait `http.client` coûte
    un tiers de milliseconde, qui se compterait au site.
    """

    def __init__(self, port: int, **entetes: str) -> None:
        self._prise = socket.create_connection((HOTE, port), timeout=30)
        self._prise.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._entetes = {"Host": f"{HOTE}:{port}", **entetes}

    def get(self, chemin: str, **entetes: str) -> bytes:
        return self._demander("GET", chemin, b"", entetes)

    def post_json(self, chemin: str, corps: bytes, *, attendu: int = 200, cle: str = "") -> bytes:
        """`cle` : celle d’idempotence, que demandent les écritures."""
        entetes = {"Content-Type": "application/json"} | ({"Idempotency-Key": cle} if cle else {})
        return self._demander("POST", chemin, corps, entetes, attendu=attendu)

    def post_formulaire(self, chemin: str, champs: Mapping[str, str]) -> bytes:
        """Un formulaire accepté renvoie vers une autre page."""
        corps = urlencode(champs).encode()
        entetes = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._demander("POST", chemin, corps, entetes, attendu=302)

    def _demander(
        self, methode: str, chemin: str, corps: bytes, entetes: Mapping[str, str], *, attendu: int = 200
    ) -> bytes:
        envoyes = {**self._entetes, **entetes, "Content-Length": str(len(corps))}
        lignes = [f"{methode} {chemin} HTTP/1.1", *(f"{nom}: {valeur}" for nom, valeur in envoyes.items())]
        self._prise.sendall("\r\n".join([*lignes, "", ""]).encode() + corps)
        tete, contenu = self._recevoir()
        etat = int(tete.split(b" ", 2)[1])
        if etat != attendu:
            raise RuntimeError(f"{methode} : HTTP {etat} {contenu[:300]!r}")
        return contenu

    def _recevoir(self) -> tuple[bytes, bytes]:
        recu = bytearray()
        while (fin := recu.find(b"\r\n\r\n")) < 0:
            recu += self._lire(65_536)
        tete = bytes(recu[:fin])
        trouvee = _LONGUEUR.search(tete)
        if trouvee is None:
            raise RuntimeError("réponse sans Content-Length")
        terme = fin + 4 + int(trouvee[1])
        while len(recu) < terme:
            recu += self._lire(terme - len(recu))
        return tete, bytes(recu[fin + 4 : terme])

    def _lire(self, nombre: int) -> bytes:
        lus = self._prise.recv(nombre)
        if not lus:
            raise ConnectionError("connexion close par le serveur")
        return lus


@contextmanager
def site() -> Iterator[int]:
    """Rend le port d’un granian à un processus, réglé comme celui de la démonstration."""
    collecter_les_statiques()
    port = port_libre()
    commande = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOTE, "--port", str(port)),
        *("--workers", "1", "--blocking-threads", "4", "--no-ws", "sas_platform.wsgi:application"),
    ]
    with tempfile.TemporaryFile() as journal:
        processus = subprocess.Popen(
            commande, cwd=RACINE, env=environnement(), stdout=journal, stderr=subprocess.STDOUT
        )
        try:
            _attendre(port, processus)
            yield port
        except BaseException:
            journal.seek(0)
            sys.stderr.write(journal.read()[-4000:].decode(errors="replace"))
            raise
        finally:
            processus.terminate()
            processus.wait(timeout=DELAI_S)


def collecter_les_statiques() -> None:
    """Les pages nomment les fichiers par leur empreinte ; `./bin/mesures` les a déjà rassemblés."""
    if not (Path(settings.STATIC_ROOT) / "staticfiles.json").is_file():
        call_command("collectstatic", interactive=False, verbosity=0)


def fichiers_de_la_page(html: str) -> list[str]:
    """Feuilles de style et scripts que la page charge, une fois chacun."""
    liens = re.findall(r'<link\b[^>]*rel="stylesheet"[^>]*>', html) + re.findall(r"<script\b[^>]*>", html)
    adresses = [trouve[1] for lien in liens if (trouve := re.search(r'(?:href|src)="([^"]+)"', lien))]
    return list(dict.fromkeys(adresses))


def _attendre(port: int, processus: subprocess.Popen[bytes]) -> None:
    limite = time.monotonic() + DELAI_S
    while time.monotonic() < limite:
        if processus.poll() is not None:
            raise RuntimeError(f"le serveur s’est arrêté (code {processus.returncode})")
        try:
            Client(port).get("/mentions-legales/")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("le serveur ne répond pas")
