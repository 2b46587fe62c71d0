"""Notre certificat auprès de chaque éditeur : choix des fichiers, vrai TLS, relecture, échéance."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from agenda.editeurs import certificats
from agenda.editeurs.certificats import CertificatInutilisable
from agenda.editeurs.client import Reponse, interroger, ouvrir_session
from agenda.enums import EtatLot
from agenda.models import Editeur
from tests.autorite import JOUR, SERVEUR, Autorite, Paire

MAINTENANT = dt.datetime.now(dt.UTC)
VIDE = b'{"resourceType":"Bundle","type":"searchset","total":0}'


@pytest.fixture(scope="module")
def autorite(tmp_path_factory) -> Autorite:
    return Autorite(tmp_path_factory.mktemp("autorite"))


@dataclass
class Dossier:
    chemin: Path
    autorite: Autorite

    def poser(self, nom: str, paire: Paire) -> None:
        shutil.copy(paire.certificat, self.chemin / f"{nom}.pem")
        shutil.copy(paire.cle, self.chemin / f"{nom}.cle")


@pytest.fixture
def dossier(tmp_path, settings, autorite) -> Dossier:
    settings.EDITEURS_CERTIFICATS = str(tmp_path)
    settings.EDITEURS_AUTORITES = str(autorite.fichier)
    settings.EDITEURS_CERTIFICAT = settings.EDITEURS_CLE = ""
    return Dossier(tmp_path, autorite)


def editeur(**champs) -> Editeur:
    return Editeur(**{"code": "agenda-essai", "certificat": "chez-essai"} | champs)


@contextmanager
def serveur_d_editeur(
    autorite: Autorite,
    *,
    maximum: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
    paire: Paire | None = None,
) -> Iterator[tuple[asyncio.Runner, str, list[str]]]:
    """Un éditeur qui exige un certificat client ; rend les CN qu’il a vus."""
    paire = paire or autorite.delivrer("127.0.0.1", usage=SERVEUR)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*paire.fichiers)
    tls.load_verify_locations(autorite.fichier)
    tls.verify_mode = ssl.CERT_REQUIRED
    if maximum != ssl.TLSVersion.MAXIMUM_SUPPORTED:
        tls.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            tls.minimum_version = tls.maximum_version = maximum
    vus: list[str] = []

    async def repondre(requete: web.Request) -> web.Response:
        sujet = requete.transport.get_extra_info("peercert")["subject"]
        vus.append(dict(attribut for rdn in sujet for attribut in rdn)["commonName"])
        return web.Response(body=VIDE, content_type="application/fhir+json")

    async def demarrer() -> tuple[web.AppRunner, int]:
        application = web.Application()
        application.router.add_get("/fhir/Slot", repondre)
        lance = web.AppRunner(application, access_log=None)
        await lance.setup()
        await web.TCPSite(lance, "127.0.0.1", 0, ssl_context=tls).start()
        return lance, lance.addresses[0][1]

    with asyncio.Runner() as boucle:
        lance, port = boucle.run(demarrer())
        try:
            yield boucle, f"https://127.0.0.1:{port}/fhir/Slot", vus
        finally:
            boucle.run(lance.cleanup())


async def _appeler(url: str, tls: ssl.SSLContext) -> Reponse:
    async with ouvrir_session() as session:
        return await interroger(session, url, tls=tls)


def test_chaque_editeur_voit_le_certificat_qui_lui_revient(dossier):
    dossier.poser("chez-essai", dossier.autorite.delivrer("sas-chez-essai"))
    dossier.poser("chez-autre", dossier.autorite.delivrer("sas-chez-autre"))

    with serveur_d_editeur(dossier.autorite) as (boucle, url, vus):
        for nom in ("chez-essai", "chez-autre"):
            reponse = boucle.run(_appeler(url, certificats.contexte(editeur(certificat=nom))))
            assert reponse.etat == EtatLot.REUSSI

    assert vus == ["sas-chez-essai", "sas-chez-autre"]


def test_sans_certificat_l_editeur_refuse_et_cela_se_lit(dossier):
    with serveur_d_editeur(dossier.autorite) as (boucle, url, vus):
        reponse = boucle.run(_appeler(url, certificats.contexte(editeur(certificat=""))))

    assert (reponse.etat, vus) == (EtatLot.RESEAU, [])


def test_un_certificat_renouvele_sert_sans_redemarrer(dossier):
    dossier.poser("chez-essai", dossier.autorite.delivrer("ancien"))
    premier = certificats.contexte(editeur())
    assert certificats.contexte(editeur()) is premier
    dossier.poser("chez-essai", dossier.autorite.delivrer("nouveau"))

    with serveur_d_editeur(dossier.autorite) as (boucle, url, vus):
        boucle.run(_appeler(url, certificats.contexte(editeur())))

    assert vus == ["nouveau"]


def test_les_autorites_d_un_editeur_remplacent_celles_de_tous(dossier, tmp_path_factory):
    autre = Autorite(tmp_path_factory.mktemp("autre"), "Autre")
    shutil.copy(autre.fichier, dossier.chemin / "agenda-essai.ac.pem")

    with serveur_d_editeur(dossier.autorite) as (boucle, url, _):
        reponse = boucle.run(_appeler(url, certificats.contexte(editeur(certificat=""))))
        assert reponse.etat == EtatLot.RESEAU
    with serveur_d_editeur(autre) as (boucle, url, vus):
        dossier.poser("chez-essai", autre.delivrer("sas"))
        boucle.run(_appeler(url, certificats.contexte(editeur())))
        assert vus == ["sas"]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_1_2_01_un_editeur_reste_a_tls_1_1_n_est_pas_appele(dossier, version):
    dossier.poser("chez-essai", dossier.autorite.delivrer("sas"))

    with serveur_d_editeur(dossier.autorite, maximum=version) as (boucle, url, vus):
        reponse = boucle.run(_appeler(url, certificats.contexte(editeur())))

    assert (reponse.etat, vus) == (EtatLot.RESEAU, [])


def test_un_serveur_au_certificat_expire_n_est_pas_cru(dossier):
    expire = dossier.autorite.delivrer("127.0.0.1", usage=SERVEUR, fin=MAINTENANT - JOUR)
    dossier.poser("chez-essai", dossier.autorite.delivrer("sas"))

    with serveur_d_editeur(dossier.autorite, paire=expire) as (boucle, url, vus):
        reponse = boucle.run(_appeler(url, certificats.contexte(editeur())))

    assert (reponse.etat, vus) == (EtatLot.RESEAU, [])


@pytest.mark.parametrize("nom", ["absent", "../ailleurs", "/etc/passwd", "..", "a/b"])
def test_un_certificat_introuvable_ou_hors_du_dossier_est_un_refus(dossier, nom):
    with pytest.raises(CertificatInutilisable):
        certificats.contexte(editeur(certificat=nom))
    with pytest.raises(CertificatInutilisable):
        certificats.echeance(editeur(certificat=nom))


def test_une_cle_qui_n_est_pas_celle_du_certificat_est_un_refus(dossier):
    dossier.poser("chez-essai", dossier.autorite.delivrer("sas"))
    shutil.copy(dossier.autorite.delivrer("autre").cle, dossier.chemin / "chez-essai.cle")

    with pytest.raises(CertificatInutilisable):
        certificats.contexte(editeur())


@pytest.mark.parametrize(
    ("fin", "mot"),
    [
        pytest.param(MAINTENANT + 90 * JOUR, "", id="loin"),
        pytest.param(MAINTENANT + 30 * JOUR, "expire le", id="proche"),
        pytest.param(MAINTENANT - JOUR, "a expiré", id="passé"),
    ],
)
def test_l_echeance_se_lit_et_se_signale(dossier, fin, mot):
    dossier.poser("chez-essai", dossier.autorite.delivrer("sas", fin=fin))

    assert certificats.echeance(editeur()) == fin.replace(microsecond=0)
    defauts = list(certificats.defauts(editeur(), maintenant=MAINTENANT))
    assert [mot in defaut for defaut in defauts] == ([True] if mot else [])


def test_sans_certificat_il_n_y_a_pas_d_echeance_et_cela_se_signale(dossier):
    assert certificats.echeance(editeur(certificat="")) is None
    assert list(certificats.defauts(editeur(certificat=""), maintenant=MAINTENANT)) == [
        "agenda-essai\u00a0: aucun certificat client."
    ]
