"""Kit de l’ANS, lignes 1.1.01 à 1.1.05 et 1.2.01, vues du serveur : un vrai TLS devant un vrai site.

Le mandataire est celui de la démonstration, qui tient le rôle de nginx ; les
certificats sont délivrés par une autorité créée pour la série.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from aiohttp import web
from requests.adapters import HTTPAdapter

from orientation.models import RendezVous
from sas_platform.demo.mandataire import Mandataire, contexte_serveur
from tests.autorite import JOUR, SERVEUR, Autorite, Paire
from tests.orientation.rendez_vous.conftest import ADRESSE, CN, OU, SECRET, en_tetes, message

MAINTENANT = dt.datetime.now(dt.UTC)
REFUS = requests.exceptions.ConnectionError  # échec de TLS, ou connexion coupée par le serveur


@pytest.fixture(scope="module")
def revoque(autorite) -> Paire:
    paire = autorite.delivrer(CN, [OU])
    autorite.revoquer(paire)
    return paire


@pytest.fixture(scope="module")
def liste(autorite, revoque) -> Path:
    return autorite.liste_de_revocation()


@pytest.fixture
def mandataire(live_server, autorite, liste, reglages, editeur) -> Iterator[str]:
    """Adresse https du mandataire, devant le site de test."""
    reglages.FHIR_REVOCATIONS = str(liste)
    serveur = autorite.delivrer("127.0.0.1", usage=SERVEUR)
    tls = contexte_serveur(serveur.certificat, serveur.cle, autorite.fichier, liste)
    yield from _servir(Mandataire(live_server.url, SECRET).application(), tls)


def _servir(application: web.Application, tls: ssl.SSLContext) -> Iterator[str]:
    boucle = asyncio.new_event_loop()
    fil = threading.Thread(target=boucle.run_forever)
    fil.start()

    async def demarrer() -> tuple[web.AppRunner, int]:
        lance = web.AppRunner(application, access_log=None)
        await lance.setup()
        await web.TCPSite(lance, "127.0.0.1", 0, ssl_context=tls).start()
        return lance, lance.addresses[0][1]

    lance, port = asyncio.run_coroutine_threadsafe(demarrer(), boucle).result(10)
    yield f"https://127.0.0.1:{port}"
    asyncio.run_coroutine_threadsafe(lance.cleanup(), boucle).result(10)
    boucle.call_soon_threadsafe(boucle.stop)
    fil.join(10)
    boucle.close()


def annoncer(
    racine: str,
    autorite: Autorite,
    paire: Paire | None,
    headers: dict[str, str] | None = None,
    corps: str | None = None,
) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.post(
            f"{racine}{ADRESSE}",
            data=corps or json.dumps(message()),
            headers={"Content-Type": "application/fhir+json"} | (headers or {}),
            cert=paire.fichiers if paire else None,
            verify=str(autorite.fichier),
            timeout=10,
        )


def refuse(racine: str, autorite: Autorite, paire: Paire | None) -> bool:
    """Vrai si TLS échoue, ou si la réponse est un 403 ; rien n’est alors gardé."""
    try:
        etat = annoncer(racine, autorite, paire).status_code
    except REFUS:
        etat = 403
    return etat == 403 and not RendezVous.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_1_1_01_un_certificat_valable_annonce_un_rendez_vous(mandataire, autorite, certificat):
    reponse = annoncer(mandataire, autorite, certificat)

    assert reponse.status_code == 201
    assert reponse.headers["Location"].endswith(str(RendezVous.objects.get().uuid))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("taille", [300_000, 600_000], ids=["l’application", "le mandataire"])
def test_un_rendez_vous_trop_long_est_refuse_en_fhir(mandataire, autorite, certificat, taille):
    reponse = annoncer(mandataire, autorite, certificat, corps=" " * taille)

    assert reponse.status_code == 413
    assert reponse.headers["Content-Type"].startswith("application/fhir+json")
    assert reponse.json()["resourceType"] == "OperationOutcome"


@pytest.mark.django_db(transaction=True)
def test_1_1_02_a_1_1_05_tout_autre_certificat_est_refuse(mandataire, autorite, revoque, tmp_path):
    """Mauvais CN, mauvaise OU, révoqué, absent ; et expiré, ou signé par soi-même."""
    etranger = Autorite(tmp_path, autorite.nom)
    refuses = {
        "1.1.02 mauvais CN": autorite.delivrer("autre", [OU]),
        "1.1.03 mauvaise OU": autorite.delivrer(CN, ["0002"]),
        "1.1.04 révoqué": revoque,
        "1.1.05 sans certificat": None,
        "expiré": autorite.delivrer(CN, [OU], fin=MAINTENANT - JOUR),
        "d’une autre autorité du même nom": etranger.delivrer(CN, [OU]),
    }

    assert [nom for nom, paire in refuses.items() if not refuse(mandataire, autorite, paire)] == []


@pytest.mark.django_db(transaction=True)
def test_un_client_ne_peut_pas_poser_les_en_tetes_du_mandataire(mandataire, autorite, certificat):
    """Ni sans certificat, ni même en connaissant le secret : le mandataire les remplace."""
    reponse = annoncer(mandataire, autorite, None, en_tetes(certificat))

    assert reponse.status_code == 403
    assert not RendezVous.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_1_2_01_seuls_tls_1_2_et_1_3_sont_admis(mandataire, autorite, certificat):
    def avec(version: ssl.TLSVersion) -> int | None:
        tls = ssl.create_default_context(cafile=str(autorite.fichier))
        tls.load_cert_chain(*certificat.fichiers)
        tls.set_ciphers("ALL:@SECLEVEL=0")
        tls.minimum_version = tls.maximum_version = version
        with requests.Session() as session:
            session.trust_env = False
            session.mount("https://", _Version(tls))
            try:
                return session.get(f"{mandataire}/fhir/metadata", timeout=10).status_code
            except REFUS:
                return None

    with pytest.warns(DeprecationWarning, match="TLSv1"):
        anciennes = [avec(ssl.TLSVersion.TLSv1), avec(ssl.TLSVersion.TLSv1_1)]

    assert anciennes == [None, None]
    assert [avec(ssl.TLSVersion.TLSv1_2), avec(ssl.TLSVersion.TLSv1_3)] == [200, 200]


class _Version(HTTPAdapter):
    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        return super().init_poolmanager(*args, ssl_context=self._tls, **kwargs)


# --- La seconde vérification, dans l’application ------------------------------


@pytest.mark.django_db
def test_l_application_revoit_ce_que_le_mandataire_aurait_laisse_passer(
    envoyer, reglages, autorite, revoque, liste, tmp_path
):
    reglages.FHIR_REVOCATIONS = str(liste)
    etranger = Autorite(tmp_path, autorite.nom)
    laisses = {
        "mauvais CN": autorite.delivrer("autre", [OU]),
        "mauvaise OU": autorite.delivrer(CN, ["0002"]),
        "sans OU": autorite.delivrer(CN),
        "révoqué": revoque,
        "expiré": autorite.delivrer(CN, [OU], fin=MAINTENANT - JOUR),
        "de serveur": autorite.delivrer(CN, [OU], usage=SERVEUR),
        "d’une autre autorité": etranger.delivrer(CN, [OU]),
    }

    assert {nom: envoyer(message(), paire=paire).status_code for nom, paire in laisses.items()} == (
        dict.fromkeys(laisses, 403)
    )
    assert not RendezVous.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changements",
    [
        pytest.param({"X-SAS-Mandataire": ""}, id="sans secret"),
        pytest.param({"X-SAS-Mandataire": "faux"}, id="mauvais secret"),
        pytest.param({"X-SAS-Mandataire": "é"}, id="secret hors ASCII"),
        pytest.param({"X-SSL-Client-Verify": "NONE"}, id="sans verdict"),
        pytest.param({"X-SSL-Client-Verify": "FAILED:certificate revoked"}, id="verdict défavorable"),
        pytest.param({"X-SSL-Client-Cert": ""}, id="certificat absent"),
        pytest.param({"X-SSL-Client-Cert": "%00%ff pas un certificat"}, id="certificat illisible"),
    ],
)
def test_des_en_tetes_incomplets_ferment_la_porte(envoyer, changements):
    reponse = envoyer(message(), **changements)

    assert reponse.status_code == 403
    assert json.loads(reponse.content)["resourceType"] == "OperationOutcome"


@pytest.mark.django_db
def test_sans_secret_regle_aucun_appel_n_est_admis(envoyer, reglages):
    reglages.FHIR_SECRET_MANDATAIRE = ""

    assert envoyer(message(), **{"X-SAS-Mandataire": ""}).status_code == 403


@pytest.mark.django_db
def test_des_autorites_illisibles_ferment_la_porte(envoyer, reglages, tmp_path):
    reglages.FHIR_AUTORITES = str(tmp_path / "absent.pem")
    assert envoyer(message()).status_code == 503

    reglages.FHIR_AUTORITES = ""
    assert envoyer(message()).status_code == 503


@pytest.mark.django_db
def test_une_liste_de_revocation_nouvelle_vaut_aussitot(envoyer, reglages, autorite, tmp_path):
    dossier = tmp_path / "listes"
    dossier.mkdir()
    reglages.FHIR_REVOCATIONS = str(dossier)
    paire = autorite.delivrer(CN, [OU])
    (dossier / "a.crl").write_bytes(autorite.liste_de_revocation().read_bytes())
    assert envoyer(message(), paire=paire).status_code == 201

    autorite.revoquer(paire)
    (dossier / "a.crl").write_bytes(autorite.liste_de_revocation().read_bytes())

    assert envoyer(message(), paire=paire).status_code == 403


@pytest.mark.django_db
def test_un_dossier_de_revocation_vide_ferme_la_porte(envoyer, reglages, tmp_path):
    reglages.FHIR_REVOCATIONS = str(tmp_path)
    for fichier in tmp_path.iterdir():
        fichier.unlink()

    assert envoyer(message()).status_code == 503
