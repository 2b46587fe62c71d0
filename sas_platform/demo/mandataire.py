"""Petit mandataire TLS de la démonstration et des tests : ce que fait nginx en ligne, pour `/fhir/` seulement.

`python -m sas_platform.demo.mandataire --port 8443 --site http://127.0.0.1:8000
--certificats var/demo/certificats` ; le secret joint au certificat client est dans
`FHIR_SECRET_MANDATAIRE`. TLS 1.2 au moins ; un certificat client qu’aucune
autorité du dossier ne signe fait échouer la connexion, l’absence de certificat
passe et l’application répond 403.
"""

from __future__ import annotations

import argparse
import os
import ssl
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import aiohttp
from aiohttp import web

TAILLE_MAX = 512_000
TROP_LONG = (
    '{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"too-long",'
    '"diagnostics":"Un rendez-vous tient en 256 ko."}]}'
)
EN_TETES_RENDUS = ("Content-Type", "Location", "Allow", "Retry-After", "Cache-Control", "X-Request-ID")
# Toujours écrits ici : ce qu’un client enverrait sous ces noms ne passe pas.
EN_TETES_RESERVES = ("x-sas-mandataire", "x-ssl-client-verify", "x-ssl-client-cert")
EN_TETES_DE_LIAISON = ("connection", "transfer-encoding", "content-length", "keep-alive", "upgrade", "te")


@dataclass(frozen=True, slots=True)
class Mandataire:
    site: str
    secret: str

    def application(self) -> web.Application:
        application = web.Application(client_max_size=TAILLE_MAX)
        application.cleanup_ctx.append(self._session)
        application.router.add_route("*", r"/fhir/{reste:.*}", self.relayer)
        return application

    async def _session(self, application: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(auto_decompress=False) as session:
            application[SESSION] = session
            yield

    async def relayer(self, requete: web.Request) -> web.Response:
        ecartes = (*EN_TETES_RESERVES, *EN_TETES_DE_LIAISON)
        entetes = [(nom, valeur) for nom, valeur in requete.headers.items() if nom.lower() not in ecartes]
        entetes += certificat_en_tetes(requete, self.secret)
        try:
            corps = await requete.read()
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=413, text=TROP_LONG, content_type="application/fhir+json")
        session = requete.app[SESSION]
        async with session.request(
            requete.method,
            f"{self.site}{requete.raw_path}",
            headers=entetes,
            data=corps,
            allow_redirects=False,
        ) as reponse:
            rendus = {nom: reponse.headers[nom] for nom in EN_TETES_RENDUS if nom in reponse.headers}
            return web.Response(status=reponse.status, body=await reponse.read(), headers=rendus)


SESSION: web.AppKey[aiohttp.ClientSession] = web.AppKey("session", aiohttp.ClientSession)


def certificat_en_tetes(requete: web.Request, secret: str) -> list[tuple[str, str]]:
    """Le certificat du client, que TLS a vérifié, dans les en-têtes de nginx (`$ssl_client_escaped_cert`)."""
    liaison = requete.transport.get_extra_info("ssl_object") if requete.transport else None
    der = liaison.getpeercert(binary_form=True) if liaison is not None else None
    return [
        ("X-SAS-Mandataire", secret),
        ("X-SSL-Client-Verify", "SUCCESS" if der else "NONE"),
        ("X-SSL-Client-Cert", quote(ssl.DER_cert_to_PEM_cert(der), safe="") if der else ""),
        ("X-Forwarded-Proto", "https"),
    ]


def contexte_serveur(
    certificat: Path, cle: Path, autorites: Path, revocations: Path | None = None
) -> ssl.SSLContext:
    """TLS 1.2 au moins, certificat client demandé sans être exigé, révocation si une liste est donnée."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    tls.load_cert_chain(certificat, cle)
    tls.load_verify_locations(autorites)
    tls.verify_mode = ssl.CERT_OPTIONAL
    if revocations is not None:
        tls.load_verify_locations(revocations)
        tls.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return tls


def main(arguments: list[str] | None = None) -> int:
    if os.environ.get("ENVIRONNEMENT") in ("production", "preproduction"):
        print("Mandataire de démonstration : refusé en production et en préproduction.", file=sys.stderr)
        return 2
    analyseur = argparse.ArgumentParser(prog="mandataire", description="Mandataire TLS de démonstration.")
    analyseur.add_argument("--port", type=int, required=True)
    analyseur.add_argument("--site", required=True)
    analyseur.add_argument("--certificats", type=Path, required=True)
    options = analyseur.parse_args(arguments)
    dossier: Path = options.certificats
    tls = contexte_serveur(dossier / "site.pem", dossier / "site.cle", dossier / "autorite.pem")
    mandataire = Mandataire(options.site.rstrip("/"), os.environ["FHIR_SECRET_MANDATAIRE"])
    print(f"Mandataire : https://127.0.0.1:{options.port}/fhir/", flush=True)
    web.run_app(
        mandataire.application(),
        host="127.0.0.1",
        port=options.port,
        ssl_context=tls,
        print=None,
        access_log=None,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
