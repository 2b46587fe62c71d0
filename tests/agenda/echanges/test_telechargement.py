"""Une adresse donnée par quelqu’un ne mène jamais dans notre réseau, ni ne nous retient."""

import asyncio
import datetime as dt
import gc
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agenda.echanges import telechargement
from agenda.echanges.telechargement import LectureImpossible, adresse_admise, est_publique, telecharger

# Une poignée de main rompue laisse au ramasse-miettes des transports que plus aucune boucle ne fermera.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.mark.parametrize(
    ("texte", "rendue"),
    [
        ("https://agenda.exemple.fr/a.ics?cle=1", "https://agenda.exemple.fr/a.ics?cle=1"),
        ("  https://agenda.exemple.fr:443/a ", "https://agenda.exemple.fr:443/a"),
        ("webcal://agenda.exemple.fr/a.ics", "https://agenda.exemple.fr/a.ics"),
    ],
)
def test_une_adresse_https_s_admet(texte, rendue):
    assert adresse_admise(texte) == rendue


@pytest.mark.parametrize(
    "texte",
    [
        "",
        "agenda.exemple.fr/a.ics",
        "http://agenda.exemple.fr/a.ics",
        "file:///etc/passwd",
        "ftp://exemple.fr/a",
        "gopher://exemple.fr/a",
        "https://",
        "https://localhost/a",
        "https://redis/a",
        "https://127.0.0.1/a",
        "https://127.1/a",
        "https://2130706433/a",
        "https://0x7f.0.0.1/a",
        "https://[::1]/a",
        "https://[::ffff:127.0.0.1]/a",
        "https://[coupe/a",
        "https://moi:secret@exemple.fr/a",
        "https://exemple.fr@10.0.0.1/a",
        "https://exemple.fr:6379/a",
        "https://exemple.fr:99999/a",
        "https://exemple.fr/a b",
        "https://exemple.fr/a\r\nHost: interne",
        "https://exemple.fr/" + "a" * 600,
    ],
)
def test_toute_autre_adresse_se_refuse_avant_toute_connexion(texte):
    with pytest.raises(LectureImpossible):
        adresse_admise(texte)


@pytest.mark.parametrize(
    ("ip", "publique"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.216.34", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("2001:0:a00:1::", False),
        ("pas une adresse", False),
    ],
)
def test_seule_une_adresse_d_internet_est_publique(ip, publique):
    assert est_publique(ip) is publique


# --- Contre un vrai serveur, en TLS, sur la boucle locale --------------------------


@pytest.fixture
def _ramasser() -> Iterator[None]:
    """Chaque essai rend ses transports pendant que leur avertissement est tu, non dans l’essai d’un autre."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def certificat(tmp_path_factory) -> tuple[str, str]:
    cle = ec.generate_private_key(ec.SECP256R1())
    nom = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    maintenant = dt.datetime.now(dt.UTC)
    certifie = (
        x509.CertificateBuilder()
        .subject_name(nom)
        .issuer_name(nom)
        .public_key(cle.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(maintenant - dt.timedelta(days=1))
        .not_valid_after(maintenant + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(cle, hashes.SHA256())
    )
    dossier = tmp_path_factory.mktemp("tls")
    (dossier / "cert.pem").write_bytes(certifie.public_bytes(serialization.Encoding.PEM))
    (dossier / "cle.pem").write_bytes(
        cle.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return str(dossier / "cert.pem"), str(dossier / "cle.pem")


async def _bon(_: web.Request) -> web.Response:
    return web.Response(body=b"BEGIN:VCALENDAR")


async def _gros(_: web.Request) -> web.Response:
    return web.Response(body=b"x" * 1_000_001)


async def _comprime(_: web.Request) -> web.Response:
    return web.Response(body=b"x", headers={"Content-Encoding": "gzip"})


async def _lent(_: web.Request) -> web.Response:
    await asyncio.sleep(30)
    return web.Response()


def _vers(adresse: str) -> Callable[[web.Request], object]:
    async def renvoyer(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": adresse})

    return renvoyer


@pytest.fixture(scope="module")
def site(certificat) -> Iterator[str]:
    """Un site en TLS sur `localhost`, tenu dans un autre fil."""
    boucle, pret, etat = asyncio.new_event_loop(), threading.Event(), {}

    async def ouvrir() -> None:
        application = web.Application()
        for chemin, vue in {
            "/bon": _bon,
            "/gros": _gros,
            "/comprime": _comprime,
            "/lent": _lent,
            "/ailleurs": _vers("https://interne.exemple.fr/"),
            "/en-clair": _vers("http://localhost/bon"),
            "/autre-port": _vers("https://localhost:1/bon"),
            "/boucle": _vers("/boucle"),
            "/suite": _vers("/bon"),
        }.items():
            application.router.add_get(chemin, vue)
        etat["site"] = web.AppRunner(application, shutdown_timeout=0.1, handler_cancellation=True)
        await etat["site"].setup()
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(*certificat)
        await web.TCPSite(etat["site"], "127.0.0.1", 0, ssl_context=tls).start()
        pret.set()

    def tourner() -> None:
        asyncio.set_event_loop(boucle)
        boucle.run_until_complete(ouvrir())
        boucle.run_forever()

    fil = threading.Thread(target=tourner, daemon=True)
    fil.start()
    assert pret.wait(10)
    yield f"https://localhost:{etat['site'].addresses[0][1]}"
    asyncio.run_coroutine_threadsafe(etat["site"].cleanup(), boucle).result(10)
    boucle.call_soon_threadsafe(boucle.stop)
    fil.join(10)
    boucle.close()


@pytest.fixture
def lire(site, certificat, _ramasser: None) -> Callable[..., bytes]:
    tls = ssl.create_default_context(cafile=certificat[0])

    def lire_le(
        chemin: str, admise: Callable[[str], bool] = lambda ip: ip == "127.0.0.1" or ip == "::1"
    ) -> bytes:
        return telecharger(site + chemin, admise=admise, tls=tls)

    return lire_le


def test_un_calendrier_se_lit_et_suit_son_propre_site(lire):
    assert lire("/bon") == lire("/suite") == b"BEGIN:VCALENDAR"


@pytest.mark.parametrize(
    ("chemin", "message"),
    [
        ("/absent", "404"),
        ("/gros", "1 Mo"),
        ("/comprime", "ne se lit pas"),
        ("/ailleurs", "renvoie ailleurs"),
        ("/en-clair", "renvoie ailleurs"),
        ("/autre-port", "renvoie ailleurs"),
        ("/boucle", "sans fin"),
    ],
)
def test_ce_qui_deborde_ou_s_echappe_se_refuse(lire, chemin, message):
    with pytest.raises(LectureImpossible, match=message):
        lire(chemin)


def test_un_nom_qui_mene_a_la_boucle_locale_se_refuse(lire):
    with pytest.raises(LectureImpossible, match="site public"):
        lire("/bon", est_publique)


def test_un_site_qui_traine_est_abandonne(lire, monkeypatch):
    monkeypatch.setattr(telechargement, "DELAI_S", 0.3)

    with pytest.raises(LectureImpossible, match="trop longtemps"):
        lire("/lent")


@pytest.mark.usefixtures("_ramasser")
def test_un_certificat_inconnu_se_refuse(site):
    with pytest.raises(LectureImpossible, match="ne répond pas"):
        telecharger(f"{site}/bon", admise=lambda ip: True, tls=ssl.create_default_context())
