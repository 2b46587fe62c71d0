"""Un éditeur hostile ou cassé ne coûte ni mémoire ni temps : vrais serveurs, sur la boucle locale."""

import asyncio
import datetime as dt
import gzip
import ipaddress
import ssl
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agenda.editeurs import client
from agenda.editeurs.client import Reponse, contexte_tls, interroger, ouvrir_session
from agenda.editeurs.corps import ATTENTE_MAX_S, attente_demandee
from agenda.enums import EtatLot
from tests.agenda.editeurs.bundles import bundle, octets

Gestionnaire = Callable[[web.Request], Awaitable[web.StreamResponse]]
CONTENU = octets(bundle())


def appeler(gestionnaire: Gestionnaire, *, tls: ssl.SSLContext | None = None) -> Reponse:
    async def appel() -> Reponse:
        application = web.Application()
        application.router.add_get("/{chemin:.*}", gestionnaire)
        serveur = TestServer(application)
        await serveur.start_server(ssl=tls)
        try:
            async with ouvrir_session() as session:
                return await interroger(session, str(serveur.make_url("/Slot")), http_admis=tls is None)
        finally:
            await serveur.close()

    return asyncio.run(appel())


def repond(corps: bytes, statut: int = 200, **en_tetes: str) -> Gestionnaire:
    async def gestionnaire(requete: web.Request) -> web.StreamResponse:
        return web.Response(body=corps, status=statut, headers=en_tetes)

    return gestionnaire


def _deflate_nu(contenu: bytes) -> bytes:
    moteur = zlib.compressobj(wbits=-15)
    return moteur.compress(contenu) + moteur.flush()


@pytest.mark.parametrize(
    ("codage", "comprimer"),
    [
        pytest.param("gzip", gzip.compress, id="gzip"),
        pytest.param("deflate", zlib.compress, id="deflate"),
        pytest.param("deflate", _deflate_nu, id="deflate sans en-tête"),
        pytest.param("identity", bytes, id="sans compression"),
    ],
)
def test_une_reponse_comprimee_se_lit(codage, comprimer):
    reponse = appeler(repond(comprimer(CONTENU), **{"Content-Encoding": codage}))

    assert (reponse.etat, reponse.pages) == (EtatLot.REUSSI, [CONTENU])


@pytest.mark.parametrize(
    ("codage", "corps", "detail"),
    [
        pytest.param("br", CONTENU, "compression inconnue", id="compression non demandée"),
        pytest.param("gzip, gzip", CONTENU, "compression inconnue", id="deux fois comprimé"),
        pytest.param("gzip", b"pas du gzip", "compression illisible", id="illisible"),
        pytest.param("gzip", gzip.compress(CONTENU)[:-20], "réponse comprimée incomplète", id="coupée"),
    ],
)
def test_une_compression_que_l_on_ne_lit_pas_est_refusee(codage, corps, detail):
    reponse = appeler(repond(corps, **{"Content-Encoding": codage}))

    assert (reponse.etat, reponse.detail, reponse.pages) == (EtatLot.ILLISIBLE, detail, [])


@pytest.mark.parametrize("codage", ["gzip", "deflate"])
def test_une_bombe_est_arretee_a_la_borne_sans_etre_deployee(codage, monkeypatch):
    """200 Mo dans 200 ko : la décompression s’arrête à dix mégaoctets."""
    produits: list[int] = []
    lire = client.lire_corps.__globals__["_Decompresseur"].lire

    def compter(self, recu: bytes, reste: int) -> bytes:
        lus = lire(self, recu, reste)
        produits.append(len(lus))
        return lus

    monkeypatch.setattr("agenda.editeurs.corps._Decompresseur.lire", compter)
    comprimer = gzip.compress if codage == "gzip" else zlib.compress
    bombe = comprimer(b" " * 200_000_000)

    reponse = appeler(repond(bombe, **{"Content-Encoding": codage}))

    assert (reponse.etat, reponse.detail) == (EtatLot.ILLISIBLE, "réponse trop volumineuse")
    assert sum(produits) <= client.TAILLE_MAX + 1


def test_une_reponse_de_cinquante_megaoctets_est_abandonnee_en_route():
    envoyes = 0

    async def gestionnaire(requete: web.Request) -> web.StreamResponse:
        nonlocal envoyes
        reponse = web.StreamResponse()
        await reponse.prepare(requete)
        for _ in range(50):
            await reponse.write(b" " * 1_000_000)
            envoyes += 1
        return reponse

    reponse = appeler(gestionnaire)

    assert (reponse.etat, reponse.detail) == (EtatLot.ILLISIBLE, "réponse trop volumineuse")
    assert envoyes < 50


def test_une_reponse_au_compte_gouttes_ne_depasse_pas_le_delai(monkeypatch):
    """Chaque octet relancerait un délai de lecture ; celui de l’appel entier, non."""
    monkeypatch.setattr(client, "DELAI_S", 0.3)

    async def gestionnaire(requete: web.Request) -> web.StreamResponse:
        reponse = web.StreamResponse()
        await reponse.prepare(requete)
        while True:
            await reponse.write(b" ")
            await asyncio.sleep(0)

    monkeypatch.setattr(client, "TAILLE_MAX", 1 << 40)

    assert appeler(gestionnaire).etat == EtatLot.DELAI


@pytest.mark.parametrize(
    "vers", ["https://ailleurs.exemple.invalid/Slot", "http://127.0.0.1:1/Slot", "//x/Slot"]
)
@pytest.mark.parametrize("statut", [301, 302, 303, 307, 308])
def test_une_redirection_vers_un_autre_hote_n_est_pas_suivie(vers, statut):
    reponse = appeler(repond(b"", statut, Location=vers))

    assert (reponse.etat, reponse.detail) == (EtatLot.ILLISIBLE, f"HTTP {statut}")


def _certificat(dossier: Path, *, hote: str = "127.0.0.1", jours: int = 30) -> ssl.SSLContext:
    """Serveur à certificat autosigné : personne ne l’a garanti."""
    cle = ec.generate_private_key(ec.SECP256R1())
    nom = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hote)])
    debut = dt.datetime.now(dt.UTC) - dt.timedelta(days=60)
    certificat = (
        x509.CertificateBuilder()
        .subject_name(nom)
        .issuer_name(nom)
        .public_key(cle.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(debut)
        .not_valid_after(debut + dt.timedelta(days=60 + jours))
        .add_extension(x509.SubjectAlternativeName([_nom(hote)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(cle, hashes.SHA256())
    )
    fichier = dossier / "serveur.pem"
    fichier.write_bytes(
        cle.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificat.public_bytes(serialization.Encoding.PEM)
    )
    contexte = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    contexte.load_cert_chain(fichier)
    return contexte


def _nom(hote: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(hote))
    except ValueError:
        return x509.DNSName(hote)


@pytest.fixture
def _autorites_relues():
    """Celles de la machine ne se lisent qu’une fois par processus."""
    contexte_tls.cache_clear()
    yield
    contexte_tls.cache_clear()


@pytest.mark.usefixtures("_autorites_relues")
@pytest.mark.parametrize(
    ("reconnu", "certificat", "etat"),
    [
        pytest.param(True, {}, EtatLot.REUSSI, id="garanti"),
        pytest.param(False, {}, EtatLot.RESEAU, id="autorité inconnue"),
        pytest.param(True, {"hote": "autre.exemple.invalid"}, EtatLot.RESEAU, id="d’un autre hôte"),
        pytest.param(True, {"jours": -1}, EtatLot.RESEAU, id="périmé"),
    ],
)
def test_un_serveur_dont_le_certificat_ne_vaut_pas_n_est_pas_lu(
    tmp_path, monkeypatch, reconnu, certificat, etat
):
    tls = _certificat(tmp_path, **certificat)
    if reconnu:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "serveur.pem"))

    reponse = appeler(repond(CONTENU), tls=tls)

    assert reponse.etat == etat
    assert bool(reponse.pages) == (etat == EtatLot.REUSSI)


DATE = "Mon, 02 Nov 2026 07:00:00 GMT"


@pytest.mark.parametrize(
    ("retry_after", "date", "attendu"),
    [
        pytest.param("120", None, 120, id="secondes"),
        pytest.param(" 5 ", None, 5, id="secondes, espaces"),
        pytest.param("0", None, 0, id="tout de suite"),
        pytest.param("999999999999", None, ATTENTE_MAX_S, id="des siècles : borné"),
        pytest.param("Mon, 02 Nov 2026 07:01:30 GMT", DATE, 90, id="instant"),
        pytest.param("Tue, 03 Nov 2026 07:00:00 GMT", DATE, ATTENTE_MAX_S, id="demain : borné"),
        pytest.param("Mon, 02 Nov 2026 06:00:00 GMT", DATE, 0, id="instant passé"),
        pytest.param("Mon, 02 Nov 2026 07:01:30 GMT", None, 0, id="instant sans repère"),
        pytest.param("Mon, 02 Nov 2026 07:01:30 -0000", DATE, 90, id="instant sans fuseau"),
        pytest.param("-3", DATE, 0, id="négatif"),
        pytest.param("bientôt", DATE, 0, id="illisible"),
        pytest.param("1 Jan 99999999999 10:00:00 GMT", DATE, 0, id="incalculable"),
        pytest.param(None, DATE, 0, id="absent"),
    ],
)
def test_le_temps_demande_se_lit_en_secondes_ou_en_date_et_se_borne(retry_after, date, attendu):
    assert attente_demandee(retry_after, date) == attendu


@pytest.mark.parametrize("statut", [429, 503])
def test_l_appel_rapporte_l_attente_demandee(statut):
    reponse = appeler(repond(b"", statut, **{"Retry-After": "42"}))

    assert (reponse.etat, reponse.attente_s) == (EtatLot.PANNE, 42)
