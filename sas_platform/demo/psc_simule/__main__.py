"""`python -m sas_platform.demo.psc_simule --port 8081 --redirection http://127.0.0.1:8000/oidc/callback/`."""

from __future__ import annotations

import argparse
import os
import ssl
import sys
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from sas_platform.demo.personas import PAR_CLE
from sas_platform.demo.psc_simule.application import CERTIFICAT, Application
from sas_platform.demo.psc_simule.fournisseur import Fournisseur


class Serveur(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class SansJournal(WSGIRequestHandler):
    """Les adresses demandées portent des codes et des jetons : elles ne s’écrivent pas."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  nom imposé
        return


class AvecCertificat(SansJournal):
    """Dit à l’application quel client s’est prouvé par son certificat."""

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        sujet = self.connection.getpeercert().get("subject", ())
        noms = {champ: valeur for groupe in sujet for champ, valeur in groupe}
        return environ | {CERTIFICAT: noms.get("commonName", "")}


def servir(fournisseur: Fournisseur, port: int, tls: ssl.SSLContext | None = None) -> WSGIServer:
    """Serveur local ; avec `tls`, il exige le certificat client que le contexte sait vérifier."""
    serveur = make_server(
        "127.0.0.1",
        port,
        Application(fournisseur),
        server_class=Serveur,
        handler_class=AvecCertificat if tls else SansJournal,
    )
    if tls:
        serveur.socket = tls.wrap_socket(serveur.socket, server_side=True)
    return serveur


def main(arguments: list[str] | None = None) -> int:
    if os.environ.get("ENVIRONNEMENT") in ("production", "preproduction"):
        print("Pro Santé Connect simulé : refusé en production et en préproduction.", file=sys.stderr)
        return 2
    options = _options(arguments)
    fournisseur = Fournisseur(
        base=f"http://127.0.0.1:{options.port}",
        client_id=options.client_id,
        client_secret=options.client_secret,
        redirections=options.redirection,
        identifiants=dict(options.identifiant),
        deconnexion=options.deconnexion,
    )
    with servir(fournisseur, options.port) as serveur:
        print(f"Pro Santé Connect simulé : http://127.0.0.1:{options.port}", flush=True)
        try:
            serveur.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    analyseur = argparse.ArgumentParser(prog="psc_simule", description="Pro Santé Connect simulé.")
    analyseur.add_argument("--port", type=int, required=True)
    analyseur.add_argument("--client-id", default="plateforme-sas")
    analyseur.add_argument("--client-secret", default="secret-de-demonstration")
    analyseur.add_argument(
        "--redirection", action="append", required=True, help="adresse de retour admise ; répétable"
    )
    analyseur.add_argument(
        "--deconnexion",
        default="",
        help="adresse à prévenir quand une session se ferme (back-channel logout)",
    )
    analyseur.add_argument(
        "--identifiant",
        action="append",
        type=_identifiant,
        default=[],
        metavar="PERSONA=NUMERO",
        help="identifiant national d’une persona, s’il n’est pas celui par défaut ; répétable",
    )
    return analyseur.parse_args(arguments)


def _identifiant(valeur: str) -> tuple[str, str]:
    cle, _, numero = valeur.partition("=")
    if cle not in PAR_CLE or not numero:
        raise argparse.ArgumentTypeError(f"attendu PERSONA=NUMERO, reçu {valeur!r}")
    return cle, numero


if __name__ == "__main__":
    raise SystemExit(main())
