"""L’autorité de la démonstration : créée une fois, refaite avant son terme, admise par la porte des éditeurs."""

from __future__ import annotations

import asyncio
import json
import ssl
import stat
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
import time_machine
from aiohttp import web

from sas_platform.demo import certificats
from sas_platform.demo.mandataire import Mandataire, contexte_serveur, main
from sas_platform.socle.certificats import lire_autorites, lire_certificat, noms_communs, unites, verifier

CODE = "agenda-libre"


def test_le_certificat_d_un_editeur_simule_est_admis(tmp_path):
    certificats.preparer(tmp_path, [CODE])

    client = lire_certificat((tmp_path / f"{CODE}.pem").read_bytes())
    verifier(client, lire_autorites(tmp_path / "autorite.pem"), datetime.now(UTC))
    assert (noms_communs(client), unites(client)) == ([certificats.cn_de(CODE)], [certificats.OU])
    assert stat.S_IMODE((tmp_path / f"{CODE}.cle").stat().st_mode) == 0o600


def test_une_seconde_preparation_ne_change_rien_avant_le_terme(tmp_path):
    certificats.preparer(tmp_path, [CODE])
    avant = (tmp_path / "autorite.pem").read_bytes()

    certificats.preparer(tmp_path, [CODE])
    assert (tmp_path / "autorite.pem").read_bytes() == avant

    with time_machine.travel(datetime.now(UTC) + timedelta(days=350)):
        certificats.preparer(tmp_path, [CODE])
    assert (tmp_path / "autorite.pem").read_bytes() != avant


def test_un_editeur_de_plus_a_son_certificat(tmp_path):
    certificats.preparer(tmp_path, [CODE])
    certificats.preparer(tmp_path, [CODE, "rendez-vous-express"])

    for code in (CODE, "rendez-vous-express"):
        client = lire_certificat((tmp_path / f"{code}.pem").read_bytes())
        verifier(client, lire_autorites(tmp_path / "autorite.pem"), datetime.now(UTC))


def test_le_mandataire_relaie_le_corps_et_remplace_les_en_tetes_reserves(tmp_path):
    certificats.preparer(tmp_path, [CODE])
    recus: list[dict[str, str]] = []

    async def site(requete: web.Request) -> web.Response:
        recus.append(dict(requete.headers) | {"corps": await requete.text(), "chemin": requete.raw_path})
        return web.Response(status=201, headers={"Location": "/x"})

    async def jouer() -> tuple[int, str]:
        derriere = web.Application()
        derriere.router.add_route("*", "/{reste:.*}", site)
        async with Lance(derriere) as port_site:
            devant = Mandataire(f"http://127.0.0.1:{port_site}", "le-secret").application()
            tls = contexte_serveur(tmp_path / "site.pem", tmp_path / "site.cle", tmp_path / "autorite.pem")
            async with Lance(devant, tls) as port, aiohttp.ClientSession() as session:
                client = ssl.create_default_context(cafile=str(tmp_path / "autorite.pem"))
                client.load_cert_chain(tmp_path / f"{CODE}.pem", tmp_path / f"{CODE}.cle")
                async with session.post(
                    f"https://127.0.0.1:{port}/fhir/Appointment?identifier=a%7Cb",
                    data=json.dumps({"a": 1}),
                    headers={"X-SSL-Client-Verify": "FAUX", "X-SAS-Mandataire": "FAUX"},
                    ssl=client,
                ) as reponse:
                    return reponse.status, reponse.headers["Location"]

    assert asyncio.run(jouer()) == (201, "/x")
    assert recus[0]["X-SAS-Mandataire"] == "le-secret"
    assert recus[0]["X-SSL-Client-Verify"] == "SUCCESS"
    assert recus[0]["chemin"] == "/fhir/Appointment?identifier=a%7Cb"
    assert recus[0]["corps"] == '{"a": 1}'


class Lance:
    def __init__(self, application: web.Application, tls: ssl.SSLContext | None = None) -> None:
        self._lance, self._tls = web.AppRunner(application, access_log=None), tls

    async def __aenter__(self) -> int:
        await self._lance.setup()
        await web.TCPSite(self._lance, "127.0.0.1", 0, ssl_context=self._tls).start()
        return self._lance.addresses[0][1]

    async def __aexit__(self, *_: object) -> None:
        await self._lance.cleanup()


@pytest.mark.parametrize("environnement", ["production", "preproduction"])
def test_le_mandataire_de_demonstration_refuse_la_production(monkeypatch, environnement):
    monkeypatch.setenv("ENVIRONNEMENT", environnement)

    assert main(["--port", "1", "--site", "x", "--certificats", "x"]) == 2
