"""Le client, face à un vrai serveur HTTP local : la requête qu’il écrit, les échecs qu’il traduit."""

import asyncio
import datetime as dt
import json
import socket
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from agenda.editeurs import client
from agenda.editeurs.client import Reponse, interroger, ouvrir_session, url_creneaux
from agenda.editeurs.normaliseur import normaliser
from agenda.editeurs.reconnaissance import Decoupe
from agenda.editeurs.verdicts import fenetre_interrogee
from agenda.enums import EtatLot
from tests.agenda.editeurs.bundles import (
    AUTRE_RPPS,
    MAINTENANT,
    RPPS,
    SIRET,
    agenda_complet,
    bundle,
    demande,
    octets,
    slot,
)

Gestionnaire = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _appeler(gestionnaire: Gestionnaire, *, http_admis: bool = True, **comment: Any) -> Reponse:
    async def appel() -> Reponse:
        application = web.Application()
        application.router.add_get("/fhir/{ressource}", gestionnaire)
        async with TestServer(application) as serveur, ouvrir_session() as session:
            url = url_creneaux(str(serveur.make_url("/fhir")), [RPPS], fenetre_interrogee(MAINTENANT))
            return await interroger(session, url, http_admis=http_admis, **comment)

    return asyncio.run(appel())


def _repond(corps: bytes, statut: int = 200, **en_tetes: str) -> Gestionnaire:
    async def gestionnaire(requete: web.Request) -> web.StreamResponse:
        return web.Response(body=corps, status=statut, headers=en_tetes)

    return gestionnaire


def test_la_requete_est_exactement_celle_du_guide():
    fenetre = fenetre_interrogee(dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC))

    url = url_creneaux("https://editeur.exemple/fhir/", [AUTRE_RPPS, RPPS], fenetre)

    assert url == (
        "https://editeur.exemple/fhir/Slot?_include=Slot:schedule&_include:iterate=Schedule:actor"
        "&start=ge2026-11-22T09:00:00.000%2B01:00&start=le2026-11-24T23:59:59.000%2B01:00"
        "&schedule.actor:Practitioner.identifier=urn:oid:1.2.250.1.71.4.2.1%7C810002673899,"
        "urn:oid:1.2.250.1.71.4.2.1%7C810100050075&status=free"
    )


def test_la_requete_des_cpts_ne_differe_que_de_deux_inclusions():
    fenetre = fenetre_interrogee(MAINTENANT)

    ps = url_creneaux("https://editeur.exemple/fhir", [RPPS], fenetre)
    cpts = url_creneaux("https://editeur.exemple/fhir", [RPPS], fenetre, "cpts")

    assert cpts == (
        f"{ps}&_include=Slot:service-type-reference&_include:iterate=HealthcareService:organization"
    )


def test_la_requete_de_sos_medecins_cherche_des_agendas_par_siret():
    fenetre = fenetre_interrogee(dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC))

    url = url_creneaux("https://editeur.exemple/fhir", [SIRET, "392080466300010"], fenetre, "sos")

    assert url == (
        "https://editeur.exemple/fhir/Schedule?_revinclude=Slot:schedule&_include=Schedule:actor:Location"
        "&_include:iterate=Location:organization"
        "&_has:Slot:schedule:start=ge2026-11-22T09:00:00.000%2B01:00"
        "&_has:Slot:schedule:start=le2026-11-24T23:59:59.000%2B01:00&_has:Slot:schedule:status=free"
        "&actor:Location.organization.identifier=urn:oid:1.2.250.1.71.4.2.2%7C334173748400020,"
        "urn:oid:1.2.250.1.71.4.2.2%7C392080466300010"
    )


@pytest.mark.parametrize(("cas", "nombre"), [("ps", 0), ("ps", 26), ("cpts", 26), ("sos", 11)])
def test_une_requete_porte_au_plus_vingt_cinq_praticiens_ou_dix_associations(cas, nombre):
    identifiants = [f"8{rang:011}" for rang in range(nombre)]

    with pytest.raises(ValueError, match=r"de 1 à \d+ identifiants"):
        url_creneaux("https://x.exemple", identifiants, fenetre_interrogee(MAINTENANT), cas)


def test_la_requete_part_telle_quelle_avec_le_bon_accept():
    recues = []

    async def gestionnaire(requete: web.Request) -> web.StreamResponse:
        recues.append((requete.raw_path, requete.headers["Accept"]))
        return web.Response(body=octets(bundle()))

    reponse = _appeler(gestionnaire)

    ((chemin, accept),) = recues
    assert reponse.etat == EtatLot.REUSSI
    assert accept == "application/json+fhir"
    assert "%2B01:00" in chemin
    assert f"%7C{RPPS}" in chemin
    assert "+" not in chemin


@pytest.mark.parametrize(
    ("statut", "etat"),
    [
        (400, EtatLot.REFUS),
        (403, EtatLot.REFUS),
        (404, EtatLot.REFUS),
        (429, EtatLot.PANNE),
        (500, EtatLot.PANNE),
        (503, EtatLot.PANNE),
        (204, EtatLot.ILLISIBLE),
    ],
)
def test_un_statut_d_echec_dit_qui_est_en_cause(statut, etat):
    reponse = _appeler(_repond(b"", statut))

    assert (reponse.etat, reponse.pages) == (etat, [])


def test_une_redirection_n_est_pas_suivie():
    chemins = []

    async def gestionnaire(requete: web.Request) -> web.StreamResponse:
        chemins.append(requete.path)
        raise web.HTTPFound("/fhir/Ailleurs")

    reponse = _appeler(gestionnaire)

    assert (reponse.etat, chemins) == (EtatLot.ILLISIBLE, ["/fhir/Slot"])


def test_un_editeur_trop_lent_est_abandonne(monkeypatch):
    monkeypatch.setattr(client, "DELAI_S", 0.05)

    async def gestionnaire(requete: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    assert _appeler(gestionnaire).etat == EtatLot.DELAI


def test_le_delai_vaut_pour_toutes_les_pages_ensemble(monkeypatch):
    monkeypatch.setattr(client, "DELAI_S", 0.2)

    async def gestionnaire(requete: web.Request) -> web.StreamResponse:
        if "page" in requete.query:
            await asyncio.Event().wait()
        return web.Response(body=octets(bundle(link=[{"relation": "next", "url": "?page=2"}])))

    assert _appeler(gestionnaire) .etat == EtatLot.DELAI  # fmt: skip


def test_une_connexion_refusee_est_une_panne_de_reseau():
    async def appel() -> Reponse:
        with socket.socket() as libre:
            libre.bind(("127.0.0.1", 0))
            port = libre.getsockname()[1]
        async with ouvrir_session() as session:
            return await interroger(session, f"http://127.0.0.1:{port}/Slot", http_admis=True)

    assert asyncio.run(appel()).etat == EtatLot.RESEAU


def test_une_reponse_coupee_en_route_est_une_panne_de_reseau():
    async def gestionnaire(requete: web.Request) -> web.StreamResponse:
        reponse = web.StreamResponse(headers={"Content-Length": "1000"})
        await reponse.prepare(requete)
        await reponse.write(b'{"resourceType"')
        assert requete.transport
        requete.transport.close()
        return reponse

    assert _appeler(gestionnaire).etat == EtatLot.RESEAU


def test_sans_tls_rien_ne_part():
    reponse = _appeler(_repond(octets(bundle())), http_admis=False)

    assert (reponse.etat, reponse.detail) == (EtatLot.RESEAU, "adresse sans TLS")


def test_une_reponse_trop_grosse_est_abandonnee(monkeypatch):
    monkeypatch.setattr(client, "TAILLE_MAX", 1_000)

    assert _appeler(_repond(b" " * 1_001)).etat == EtatLot.ILLISIBLE


def test_une_bombe_de_compression_est_abandonnee(monkeypatch):
    monkeypatch.setattr(client, "TAILLE_MAX", 10_000)
    bombe = zlib.compress(b" " * 5_000_000)

    reponse = _appeler(_repond(bombe, **{"Content-Encoding": "deflate"}))

    assert reponse.etat in {EtatLot.ILLISIBLE, EtatLot.RESEAU}
    assert reponse.pages == []


def test_la_page_suivante_est_suivie_sur_la_meme_origine():
    async def gestionnaire(requete: web.Request) -> web.StreamResponse:
        suite = [] if "page" in requete.query else [{"relation": "next", "url": "/fhir/Slot?page=2"}]
        return web.Response(body=octets(bundle(link=suite)))

    reponse = _appeler(gestionnaire)

    assert (len(reponse.pages), reponse.tronquee) == (2, False)


def test_la_page_suivante_est_suivie_aussi_quand_on_connait_deja_les_creneaux():
    """Celle d’une réponse dont on coupe ce que l’on connaît, au fil de son arrivée ; les pages restent entières."""
    connus = octets(bundle(*agenda_complet(), slot(), slot("s2", comment='"next"')))
    memoires = normaliser([connus], demande()).memoires
    paginee = connus.replace(b'"searchset"', b'"searchset", "link": [{"relation": "next", "url": "?page=2"}]')
    decoupe = Decoupe(memoires)

    async def gestionnaire(requete: web.Request) -> web.StreamResponse:
        return web.Response(body=octets(bundle()) if "page" in requete.query else paginee)

    reponse = _appeler(gestionnaire, decoupe=decoupe)

    assert (reponse.pages, reponse.tronquee) == ([paginee, octets(bundle())], False)
    assert (reponse.decoupe, decoupe.trouves) == (decoupe, {RPPS})
    assert b"Slot" not in decoupe.restes[0]


@pytest.mark.parametrize(
    "suivante", ["https://ailleurs.exemple/Slot?page=2", "http://127.0.0.1:1/Slot", "file:///etc/passwd"]
)
def test_une_page_suivante_d_une_autre_origine_ne_l_est_pas(suivante):
    contenu = octets(bundle(link=[{"relation": "next", "url": suivante}]))

    reponse = _appeler(_repond(contenu))

    assert (reponse.etat, len(reponse.pages), reponse.tronquee) == (EtatLot.REUSSI, 1, True)


@pytest.mark.parametrize("suivante", ["https://[", "http://127.0.0.1:99999/Slot", "http://[::1"])
def test_une_page_suivante_illisible_ne_coute_pas_la_premiere(suivante):
    contenu = octets(bundle(link=[{"relation": "next", "url": suivante}]))

    reponse = _appeler(_repond(contenu))

    assert (reponse.etat, len(reponse.pages), reponse.tronquee) == (EtatLot.REUSSI, 1, True)


def test_des_pages_sans_fin_sont_tronquees():
    async def gestionnaire(requete: web.Request) -> web.StreamResponse:
        page = int(requete.query.get("page", 1))
        lien = {"relation": "next", "url": f"/fhir/Slot?page={page + 1}"}
        return web.Response(body=json.dumps(bundle(link=[lien])).encode())

    reponse = _appeler(gestionnaire)

    assert (len(reponse.pages), reponse.tronquee, reponse.sans_jeton) == (client.PAGES_MAX, True, False)


def test_une_page_que_le_budget_refuse_n_est_pas_demandee():
    demandees = []

    async def gestionnaire(requete: web.Request) -> web.StreamResponse:
        demandees.append(int(requete.query.get("page", 1)))
        lien = {"relation": "next", "url": f"/fhir/Slot?page={demandees[-1] + 1}"}
        return web.Response(body=json.dumps(bundle(link=[lien])).encode())

    accords = iter((True, False))

    reponse = _appeler(gestionnaire, suivre=lambda: next(accords))

    assert demandees == [1, 2]
    assert (reponse.etat, len(reponse.pages)) == (EtatLot.REUSSI, 2)
    assert (reponse.tronquee, reponse.sans_jeton) == (True, True)


def test_les_temoins_d_un_editeur_ne_reviennent_pas():
    temoins = []

    async def gestionnaire(requete: web.Request) -> web.StreamResponse:
        temoins.append(requete.headers.get("Cookie"))
        suite = [] if "page" in requete.query else [{"relation": "next", "url": "?page=2"}]
        return web.Response(body=octets(bundle(link=suite)), headers={"Set-Cookie": "suivi=1"})

    _appeler(gestionnaire)

    assert temoins == [None, None]


def test_la_session_exige_tls_1_2():
    contexte = client.contexte_tls()

    assert contexte.minimum_version >= client.ssl.TLSVersion.TLSv1_2
    assert contexte.verify_mode == client.ssl.CERT_REQUIRED
    assert client.contexte_tls() is contexte, "chaque tâche ouvre une session : le contexte est partagé"


def test_la_session_attend_deux_secondes_la_connexion():
    async def delais() -> aiohttp.ClientTimeout:
        async with ouvrir_session() as session:
            return session.timeout

    lus = asyncio.run(delais())

    assert (lus.sock_connect, lus.total) == (2, 7)
