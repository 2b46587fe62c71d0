"""Pro Santé Connect simulé, servi dans le processus du test, et un client qui passe par lui."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from django.test import Client

from comptes.connecteurs import psc as connecteur
from comptes.models import Compte
from sas_platform.demo.personas import PAR_CLE
from sas_platform.demo.psc_simule.__main__ import servir
from sas_platform.demo.psc_simule.fournisseur import ROYAUME, Fournisseur
from tests.comptes.factories import CompteFactory

RETOUR = "http://testserver/oidc/callback/"


@pytest.fixture
def psc(settings) -> Iterator[Fournisseur]:
    fournisseur = Fournisseur(
        base="",
        client_id=settings.PSC_CLIENT_ID,
        client_secret=settings.PSC_CLIENT_SECRET,
        redirections=[RETOUR],
    )
    serveur = servir(fournisseur, 0)
    hote = f"127.0.0.1:{serveur.server_port}"
    fournisseur.base = f"http://{hote}"
    settings.PSC_DECOUVERTE_URL = f"{fournisseur.base}{ROYAUME}/.well-known/wallet-openid-configuration"
    settings.PSC_HOTES_ADMIS = [hote]
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"] | {"form-action": ["'self'", hote]}
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives}
    connecteur.oublier_decouverte()
    fil = threading.Thread(target=serveur.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    fil.start()
    yield fournisseur
    serveur.shutdown()
    fil.join()
    serveur.server_close()
    connecteur.oublier_decouverte()


def creer_persona(cle: str) -> Compte:
    """Le compte d’une persona, et lui seul : sans ce que la démonstration y ajoute et trace."""
    persona = PAR_CLE[cle]
    return CompteFactory(
        email=persona.email,
        identifiant_national=persona.identifiant_national,
        prenom=persona.prenom,
        nom=persona.nom,
        role=persona.roles[0],
    )


class Parcours:
    """Les trois pas d’une connexion, séparés pour que les tests s’y glissent."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def partir(self, suite: str = "") -> str:
        reponse = self.client.get("/oidc/depart/", {"next": suite} if suite else {})
        assert reponse.status_code == 302, reponse.content.decode()
        return reponse.headers["Location"]

    @staticmethod
    def choisir(adresse: str, persona: str = "osnp") -> dict[str, str]:
        """Champs que Pro Santé Connect renvoie à la plateforme."""
        champs = {"annuler": "1"} if persona == "annuler" else {"persona": persona}
        reponse = requests.post(adresse, data=champs, allow_redirects=False, timeout=5)
        assert reponse.status_code == 302, reponse.text
        return dict(parse_qsl(urlsplit(reponse.headers["Location"]).query))

    def revenir(self, champs: dict[str, str]):
        return self.client.get("/oidc/callback/", champs)

    def complet(self, persona: str = "osnp", suite: str = ""):
        return self.revenir(self.choisir(self.partir(suite), persona))


@pytest.fixture
def parcours(psc: Fournisseur, client: Client) -> Parcours:
    return Parcours(client)
