"""Autorité de certification de la démonstration, et le certificat client de chaque éditeur simulé.

Créés au premier démarrage dans `var/demo/certificats/`, refaits avant leur
terme. Un éditeur simulé annonce un rendez-vous par :

    tls = ssl.create_default_context(cafile=dossier / "autorite.pem")
    tls.load_cert_chain(dossier / f"{code}.pem", dossier / f"{code}.cle")
    POST https://127.0.0.1:<SAS_PORT_FHIR>/fhir/Appointment

`cn_de(code)` et `OU` sont à reporter dans `Editeur.cn` et `Editeur.ou`, `SYSTEME`
suivi du code dans `Editeur.systemes_rendez_vous`.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

OU = "0002 00000000000000"
SYSTEME = "urn:sas:demonstration:rendez-vous:"
SITE = "site"
VALIDITE = dt.timedelta(days=365)
RENOUVELER_AVANT = dt.timedelta(days=30)


def cn_de(code: str) -> str:
    return f"{code}.demonstration"


def preparer(dossier: Path, codes: Iterable[str]) -> None:
    """Autorité, certificat du site et un certificat client par éditeur ; ne refait que ce qui manque ou expire."""
    maintenant = dt.datetime.now(dt.UTC)
    voulus = [SITE, *codes]
    if all(_est_bon(dossier / f"{nom}.pem", maintenant) for nom in ("autorite", *voulus)):
        return
    dossier.mkdir(parents=True, exist_ok=True, mode=0o700)
    cle = ec.generate_private_key(ec.SECP256R1())
    nom = _nom("Autorité de démonstration du SAS")
    autorite = _chantier(nom, nom, cle.public_key(), maintenant, ac=True).sign(cle, hashes.SHA256())
    for voulu in voulus:
        sienne = ec.generate_private_key(ec.SECP256R1())
        usage = ExtendedKeyUsageOID.SERVER_AUTH if voulu == SITE else ExtendedKeyUsageOID.CLIENT_AUTH
        sujet = _nom("127.0.0.1") if voulu == SITE else _nom(cn_de(voulu), OU)
        chantier = _chantier(sujet, nom, sienne.public_key(), maintenant, signataire=cle.public_key())
        chantier = chantier.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if voulu == SITE:
            noms = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
            chantier = chantier.add_extension(x509.SubjectAlternativeName(noms), critical=False)
        _ecrire_cle(dossier / f"{voulu}.cle", sienne)
        _ecrire(dossier / f"{voulu}.pem", chantier.sign(cle, hashes.SHA256()))
    # En dernier : son absence dit que la préparation n’est pas allée au bout. Sa clé n’est pas gardée.
    _ecrire(dossier / "autorite.pem", autorite)


def _est_bon(fichier: Path, maintenant: dt.datetime) -> bool:
    try:
        certificat = x509.load_pem_x509_certificate(fichier.read_bytes())
    except (OSError, ValueError):
        return False
    return certificat.not_valid_after_utc > maintenant + RENOUVELER_AVANT


def _nom(cn: str, ou: str = "") -> x509.Name:
    unite = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, ou)] if ou else []
    return x509.Name([*unite, x509.NameAttribute(NameOID.COMMON_NAME, cn)])


def _chantier(
    sujet: x509.Name,
    emetteur: x509.Name,
    publique: ec.EllipticCurvePublicKey,
    maintenant: dt.datetime,
    *,
    ac: bool = False,
    signataire: ec.EllipticCurvePublicKey | None = None,
) -> x509.CertificateBuilder:
    usages = x509.KeyUsage(
        digital_signature=not ac,
        key_cert_sign=ac,
        crl_sign=ac,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    de_qui = x509.AuthorityKeyIdentifier.from_issuer_public_key(signataire or publique)
    return (
        x509.CertificateBuilder()
        .subject_name(sujet)
        .issuer_name(emetteur)
        .public_key(publique)
        .serial_number(x509.random_serial_number())
        .not_valid_before(maintenant - dt.timedelta(days=1))
        .not_valid_after(maintenant + VALIDITE)
        .add_extension(x509.BasicConstraints(ca=ac, path_length=None), critical=True)
        .add_extension(usages, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(publique), critical=False)
        .add_extension(de_qui, critical=False)
    )


def _ecrire(fichier: Path, certificat: x509.Certificate) -> None:
    fichier.write_bytes(certificat.public_bytes(serialization.Encoding.PEM))


def _ecrire_cle(fichier: Path, cle: ec.EllipticCurvePrivateKey) -> None:
    forme = (
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    descripteur = os.open(fichier, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descripteur, "wb") as flux:
        flux.write(cle.private_bytes(*forme))
