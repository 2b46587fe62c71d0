"""S’authentifier à Pro Santé Connect par un certificat client (PSC_CLIENT_AUTH=mtls), contre un vrai serveur TLS."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from comptes.connecteurs import psc as connecteur
from sas_platform.demo.psc_simule.__main__ import servir
from sas_platform.demo.psc_simule.fournisseur import ROYAUME, Fournisseur
from tests.comptes.conftest import RETOUR, Parcours


class Autorite:
    """Une autorité de certification, le temps d’un test."""

    def __init__(self, dossier: Path, nom: str) -> None:
        self.dossier, self.nom = dossier, nom
        self.cle = ec.generate_private_key(ec.SECP256R1())
        self.certificat = self._signer(nom, self.cle.public_key(), usage=None)
        self.fichier = dossier / f"{nom}.pem"
        self.fichier.write_bytes(self.certificat.public_bytes(serialization.Encoding.PEM))

    def delivrer(self, nom: str, usage: x509.ObjectIdentifier) -> tuple[str, str]:
        cle = ec.generate_private_key(ec.SECP256R1())
        certificat, fichier_cle = (
            self.dossier / f"{self.nom}-{nom}.pem",
            self.dossier / f"{self.nom}-{nom}.cle",
        )
        signe = self._signer(nom, cle.public_key(), usage=usage)
        certificat.write_bytes(signe.public_bytes(serialization.Encoding.PEM))
        fichier_cle.write_bytes(
            cle.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return str(certificat), str(fichier_cle)

    def _signer(
        self, nom: str, publique: ec.EllipticCurvePublicKey, usage: x509.ObjectIdentifier | None
    ) -> x509.Certificate:
        maintenant = dt.datetime.now(dt.UTC)
        sujet, emetteur = (
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, commun)]) for commun in (nom, self.nom)
        )
        adresse = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        signataire = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.cle.public_key())
        usages = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=usage is None,
            crl_sign=usage is None,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        chantier = (
            x509.CertificateBuilder()
            .subject_name(sujet)
            .issuer_name(emetteur)
            .public_key(publique)
            .serial_number(x509.random_serial_number())
            .not_valid_before(maintenant - dt.timedelta(hours=1))
            .not_valid_after(maintenant + dt.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=usage is None, path_length=None), critical=True)
            .add_extension(usages, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(publique), critical=False)
            .add_extension(signataire, critical=False)
            .add_extension(x509.SubjectAlternativeName([adresse]), critical=False)
        )
        if usage is not None:
            chantier = chantier.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        return chantier.sign(self.cle, hashes.SHA256())


@pytest.fixture
def autorite(tmp_path: Path) -> Autorite:
    return Autorite(tmp_path, "autorite-fictive")


@pytest.fixture
def psc_tls(settings, autorite: Autorite) -> Iterator[Fournisseur]:
    """Le fournisseur simulé en TLS, qui n’admet que les clients de l’autorité fictive."""
    contexte = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    contexte.load_cert_chain(*autorite.delivrer("serveur", ExtendedKeyUsageOID.SERVER_AUTH))
    contexte.load_verify_locations(str(autorite.fichier))
    contexte.verify_mode = ssl.CERT_REQUIRED
    fournisseur = Fournisseur(
        base="",
        client_id=settings.PSC_CLIENT_ID,
        client_secret="jamais-donné",
        redirections=[RETOUR],
        par_certificat=True,
    )
    serveur = servir(fournisseur, 0, tls=contexte)
    hote = f"127.0.0.1:{serveur.server_port}"
    fournisseur.base = f"https://{hote}"
    settings.PSC_DECOUVERTE_URL = f"{fournisseur.base}{ROYAUME}/.well-known/wallet-openid-configuration"
    settings.PSC_HOTES_ADMIS = [hote]
    settings.PSC_CLIENT_AUTH = "mtls"
    settings.PSC_AUTORITES = str(autorite.fichier)
    connecteur.oublier_decouverte()
    fil = threading.Thread(target=serveur.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    fil.start()
    yield fournisseur
    serveur.shutdown()
    fil.join()
    serveur.server_close()
    connecteur.oublier_decouverte()


@pytest.fixture
def presenter(settings) -> Callable[[tuple[str, str]], None]:
    def choisir(paire: tuple[str, str]) -> None:
        settings.PSC_CERTIFICAT, settings.PSC_CLE = paire

    return choisir


@pytest.fixture
def demande(client, psc_tls, autorite, presenter) -> dict[str, str]:
    """Une demande dont le code revient, le certificat de la plateforme présenté jusque-là."""
    presenter(autorite.delivrer(psc_tls.client_id, ExtendedKeyUsageOID.CLIENT_AUTH))
    parcours = Parcours(client)
    adresse = parcours.partir()
    certificat = autorite.delivrer("navigateur", ExtendedKeyUsageOID.CLIENT_AUTH)
    reponse = requests.post(
        adresse,
        data={"persona": "osnp"},
        allow_redirects=False,
        timeout=5,
        cert=certificat,
        verify=str(autorite.fichier),
    )
    return dict(mot.split("=", 1) for mot in reponse.headers["Location"].partition("?")[2].split("&"))


@pytest.mark.django_db
def test_le_certificat_remplace_le_secret_et_ouvre_la_session(client, demande, settings):
    from sas_platform.demo.personas import creer_comptes

    osnp = creer_comptes()["osnp"]
    settings.PSC_CLIENT_SECRET = ""

    reponse = client.get("/oidc/callback/", demande)

    assert reponse.status_code == 302
    assert client.session["_auth_user_id"] == str(osnp.pk)


@pytest.mark.django_db
def test_un_certificat_d_un_autre_client_est_refuse(client, demande, autorite, presenter):
    presenter(autorite.delivrer("un-autre-client", ExtendedKeyUsageOID.CLIENT_AUTH))

    reponse = client.get("/oidc/callback/", demande)

    assert reponse.status_code == 503
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("cas", ["absent", "autre autorité", "fichier introuvable"])
def test_sans_le_bon_certificat_pro_sante_connect_ne_repond_pas(psc_tls, tmp_path, presenter, settings, cas):
    if cas == "autre autorité":
        autre = Autorite(tmp_path, "autorite-inconnue")
        presenter(autre.delivrer(psc_tls.client_id, ExtendedKeyUsageOID.CLIENT_AUTH))
    elif cas == "fichier introuvable":
        presenter((str(tmp_path / "absent.pem"), str(tmp_path / "absent.cle")))
    else:
        settings.PSC_CLIENT_AUTH = "secret"

    with pytest.raises(connecteur.PscIndisponible):
        connecteur.metadonnees()


def test_un_serveur_que_nos_autorites_ne_signent_pas_n_est_pas_cru(psc_tls, autorite, presenter, settings):
    presenter(autorite.delivrer(psc_tls.client_id, ExtendedKeyUsageOID.CLIENT_AUTH))
    settings.PSC_AUTORITES = ""

    with pytest.raises(connecteur.PscIndisponible):
        connecteur.metadonnees()


def test_les_adresses_propres_au_certificat_sont_suivies(psc_tls, autorite, presenter):
    presenter(autorite.delivrer(psc_tls.client_id, ExtendedKeyUsageOID.CLIENT_AUTH))
    vraie = psc_tls.decouverte
    alias = {"token_endpoint": f"{psc_tls.base}/avec-certificat/token"}
    psc_tls.decouverte = lambda: vraie() | {"mtls_endpoint_aliases": alias}

    lues = connecteur.metadonnees()

    assert lues.jetons == alias["token_endpoint"]
    assert lues.identite == vraie()["userinfo_endpoint"]


def test_un_alias_hors_de_la_liste_d_hotes_est_refuse(psc_tls, autorite, presenter):
    presenter(autorite.delivrer(psc_tls.client_id, ExtendedKeyUsageOID.CLIENT_AUTH))
    vraie = psc_tls.decouverte
    alias = {"token_endpoint": "https://ailleurs.invalid/token"}
    psc_tls.decouverte = lambda: vraie() | {"mtls_endpoint_aliases": alias}

    with pytest.raises(connecteur.PscIndisponible):
        connecteur.metadonnees()
