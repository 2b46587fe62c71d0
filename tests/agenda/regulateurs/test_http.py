"""Sur un vrai serveur HTTP : l’éditeur simulé, puis ce qu’un éditeur peut répondre de travers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from agenda.domaine.regulateurs import Personne, corps
from agenda.enums import Flux
from agenda.models import Editeur, EnvoiRegulateur
from agenda.regulateurs import appel
from agenda.regulateurs.dialogue import Message
from agenda.regulateurs.expedition import remettre_en_ligne
from agenda.tasks import envoyer_regulateurs, envoyer_regulateurs_a, retirer_regulateurs_echus
from comptes.models import Compte, Habilitation
from sas_platform.demo.editeur_simule.application import EditeurSimule
from tests.agenda.factories import EditeurFactory
from tests.comptes.factories import CompteFactory

ALIX = Personne(
    "b6e39355-8a61-4556-b340-36f7b95fec6a", "3620100057/70326SR", "Osmont", "Alix", "a@exemple.invalid"
)
Gestionnaire = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextmanager
def servir(application: web.Application) -> Iterator[str]:
    """Adresse FHIR de cette application, servie par un autre fil."""
    boucle = asyncio.new_event_loop()
    serveur = TestServer(application)
    fil = threading.Thread(target=boucle.run_forever)
    fil.start()
    try:
        asyncio.run_coroutine_threadsafe(serveur.start_server(), boucle).result(10)
        yield str(serveur.make_url("/fhir"))
    finally:
        asyncio.run_coroutine_threadsafe(serveur.close(), boucle).result(10)
        boucle.call_soon_threadsafe(boucle.stop)
        fil.join(10)
        boucle.close()


def repondant(gestionnaire: Gestionnaire) -> web.Application:
    application = web.Application()
    application.router.add_route("*", "/fhir/Practitioner", gestionnaire)
    return application


def creation() -> Message:
    vise = ALIX.identifiant
    return Message("", vise, False, corps(ALIX, actif=True), corps(ALIX, actif=False))


@pytest.mark.django_db
def test_de_la_connexion_au_retrait_chez_l_editeur_simule():
    simule = EditeurSimule([], horloge=lambda: datetime(2026, 11, 2, 8, tzinfo=UTC))
    with servir(simule.application()) as url:
        editeur = EditeurFactory(flux=[Flux.COMPTES], url_base=url)
        compte = CompteFactory(osnp=True, identifiant_national="3620100057/70326SR")
        Compte.objects.filter(pk=compte.pk).update(last_login=datetime(2026, 11, 2, 8, tzinfo=UTC))
        assert envoyer_regulateurs() == 1
        (tenu,) = simule.comptes.tenus.values()
        assert (tenu.identifiant, tenu.actif) == ("urn:oid:1.2.250.1.71.4.2.1|3620100057/70326SR", True)

        Habilitation.objects.filter(compte=compte).delete()
        envoyer_regulateurs()

        assert [tenu.actif for tenu in simule.comptes.tenus.values()] == [False]
        assert EnvoiRegulateur.objects.exclude(personne=None).count() == 0
        assert (envoyer_regulateurs_a(editeur_id=editeur.pk), retirer_regulateurs_echus()) == (0, 0)


def test_la_requete_a_les_en_tetes_du_guide_et_des_barres_encodees():
    vues = []

    async def noter(requete: web.Request) -> web.StreamResponse:
        vues.append((requete.method, requete.raw_path, requete.headers, await requete.json()))
        return web.Response(status=409 if requete.method == "POST" else 200)

    with servir(repondant(noter)) as url:
        reponse = remettre_en_ligne(Editeur(code="x", url_base=url), creation())

    assert reponse.statut == 200
    (post, put) = vues
    assert (post[0], post[1]) == ("POST", "/fhir/Practitioner")
    assert (put[0], put[1]) == (
        "PUT",
        "/fhir/Practitioner?identifier=urn%3Aoid%3A1.2.250.1.71.4.2.1%7C3620100057%2F70326SR",
    )
    assert put[2]["Accept"] == "application/json+fhir"
    assert put[2]["Content-Type"].startswith("application/json+fhir")
    assert put[3] == corps(ALIX, actif=True)


@pytest.mark.parametrize(
    ("statut", "contenu", "en_tetes", "motif"),
    [
        pytest.param(500, b"<html>", {}, "HTTP 500", id="panne sans raison"),
        pytest.param(
            403,
            b'{"issue":[{"code":"forbidden","diagnostics":"OU inconnue"}]}',
            {},
            "HTTP 403\u00a0: OU inconnue",
            id="raison donnée",
        ),
        pytest.param(
            403, b'{"issue":[{"code":"forbidden"}]}', {}, "HTTP 403\u00a0: forbidden", id="code seul"
        ),
        pytest.param(403, b'{"issue":[{"details":"x"}]}', {}, "HTTP 403", id="raison mal formée"),
        pytest.param(403, b'{"issue":[]}', {}, "HTTP 403", id="aucune raison"),
        pytest.param(403, b"[" * 30_000, {}, "HTTP 403", id="imbriquée sans fin"),
        pytest.param(
            403,
            b'{"issue":[{"diagnostics":"OU\\u0000inconnue"}]}',
            {},
            "HTTP 403\u00a0: OU inconnue",
            id="signe que la base refuse",
        ),
        pytest.param(
            503, b"", {"Retry-After": "1 Jan 99999999999 10:00:00 GMT"}, "HTTP 503", id="date impossible"
        ),
        pytest.param(403, b"x" * 200_000, {}, "HTTP 403\u00a0: réponse trop volumineuse", id="trop longue"),
        pytest.param(
            302, b"", {"Location": "http://ailleurs.exemple.invalid/"}, "HTTP 302", id="redirection"
        ),
    ],
)
def test_ce_que_l_editeur_repond_de_travers_se_dit_en_une_ligne(statut, contenu, en_tetes, motif):
    async def repondre(requete: web.Request) -> web.StreamResponse:
        return web.Response(status=statut, body=contenu, headers=en_tetes)

    with servir(repondant(repondre)) as url:
        reponse = remettre_en_ligne(Editeur(code="x", url_base=url), creation())

    assert (reponse.statut, reponse.motif, reponse.est_reussie, reponse.est_un_refus) == (
        statut,
        motif,
        False,
        False,
    )


def test_un_editeur_muet_ne_retient_pas_le_processus(monkeypatch):
    monkeypatch.setattr(appel, "DELAI_S", 0.2)

    async def se_taire(requete: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    with servir(repondant(se_taire)) as url:
        reponse = remettre_en_ligne(Editeur(code="x", url_base=url), creation())

    assert (reponse.statut, reponse.motif) == (0, "délai dépassé")


def test_personne_n_ecoute():
    reponse = remettre_en_ligne(Editeur(code="x", url_base="http://127.0.0.1:1/fhir"), creation())

    assert reponse.motif.startswith("connexion impossible")


def test_rien_ne_part_sans_tls_en_ligne(settings):
    settings.EST_EN_LIGNE = True

    reponse = remettre_en_ligne(Editeur(code="x", url_base="http://127.0.0.1:1/fhir"), creation())

    assert reponse.motif == "adresse sans TLS"


def test_un_certificat_introuvable_se_dit(settings, tmp_path):
    settings.EDITEURS_CERTIFICATS = str(tmp_path)

    reponse = remettre_en_ligne(
        Editeur(code="x", url_base="https://127.0.0.1:1/fhir", certificat="absent"), creation()
    )

    assert reponse.motif == "certificat client ou autorités illisibles"
