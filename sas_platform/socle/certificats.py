"""Certificats X.509 : lire, vérifier une chaîne, ses dates et sa révocation. Ni réglage, ni base, ni horloge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

TAILLE_MAX = 20_000  # un certificat client en PEM fait deux à quatre kilooctets
_USAGES_CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
_PEM_DE_LISTE = b"-----BEGIN X509 CRL-----"


class CertificatRefuse(Exception):
    """Certificat qui ne prouve rien ; `motif` est stable, le message se montre à qui appelle."""

    MESSAGES = {
        "illisible": "Le certificat présenté est illisible.",
        "hors_dates": "Le certificat présenté n’est pas, ou n’est plus, valable à cette date.",
        "chaine": "Le certificat présenté n’est pas signé par une autorité admise.",
        "usage": "Le certificat présenté n’est pas un certificat client.",
        "revoque": "Le certificat présenté est révoqué.",
        "revocation_inconnue": "La révocation du certificat présenté n’est pas vérifiable.",
    }

    def __init__(self, motif: str) -> None:
        super().__init__(self.MESSAGES[motif])
        self.motif = motif


@dataclass(frozen=True, slots=True)
class Autorites:
    """Autorités admises et leurs listes de révocation ; sans aucune liste, la révocation n’est pas vérifiée."""

    certificats: tuple[x509.Certificate, ...]
    listes: tuple[x509.CertificateRevocationList, ...] = field(default=())


def lire_certificat(pem: bytes) -> x509.Certificate:
    """Lève `CertificatRefuse`."""
    if len(pem) > TAILLE_MAX:
        raise CertificatRefuse("illisible")
    try:
        certificat = x509.load_pem_x509_certificate(pem)
        # Paresseux : une date ou un nom abîmés ne se verraient qu’à leur lecture.
        assert certificat.not_valid_before_utc
        assert certificat.subject
        assert certificat.extensions is not None
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension) as erreur:
        raise CertificatRefuse("illisible") from erreur
    return certificat


def lire_autorites(certificats: Path, listes: Iterable[Path] = ()) -> Autorites:
    """Lit un fichier PEM d’autorités, et des listes de révocation en PEM (une ou plusieurs par fichier) ou DER.

    Lève `OSError` si un fichier manque, `ValueError` s’il n’est pas lisible.
    """
    autorites = tuple(x509.load_pem_x509_certificates(certificats.read_bytes()))
    return Autorites(autorites, tuple(liste for fichier in listes for liste in _listes(fichier.read_bytes())))


def expire_le(fichier: Path) -> datetime:
    """Terme du premier certificat d’un fichier PEM, en UTC. Lève `OSError` ou `ValueError`."""
    return x509.load_pem_x509_certificates(fichier.read_bytes())[0].not_valid_after_utc


def verifier(certificat: x509.Certificate, autorites: Autorites, instant: datetime) -> None:
    """Dates, chaîne jusqu’à une autorité admise, usage client, révocation de chaque maillon.

    Une liste de révocation périmée ou absente, quand l’autorité en tient une ou
    qu’une autre est fournie, refuse : se taire laisserait passer un certificat
    révoqué (nginx fait de même). Lève `CertificatRefuse`.
    """
    if not certificat.not_valid_before_utc <= instant <= certificat.not_valid_after_utc:
        raise CertificatRefuse("hors_dates")
    chaine = _chaine(certificat, autorites, instant)
    _verifier_l_usage(certificat)
    if autorites.listes:
        for maillon, signataire in pairwise(chaine):
            _verifier_la_revocation(maillon, signataire, autorites.listes, instant)


def noms_communs(certificat: x509.Certificate) -> list[str]:
    return _attributs(certificat, NameOID.COMMON_NAME)


def unites(certificat: x509.Certificate) -> list[str]:
    """Les OU du sujet : celui qui porte le numéro de l’organisation n’est pas toujours seul."""
    return _attributs(certificat, NameOID.ORGANIZATIONAL_UNIT_NAME)


def _attributs(certificat: x509.Certificate, oid: x509.ObjectIdentifier) -> list[str]:
    valeurs = (attribut.value for attribut in certificat.subject.get_attributes_for_oid(oid))
    return [valeur for valeur in valeurs if isinstance(valeur, str)]


def _listes(octets: bytes) -> list[x509.CertificateRevocationList]:
    if _PEM_DE_LISTE not in octets:
        return [x509.load_der_x509_crl(octets)]
    morceaux = octets.split(_PEM_DE_LISTE)[1:]
    return [x509.load_pem_x509_crl(_PEM_DE_LISTE + morceau) for morceau in morceaux]


def _chaine(certificat: x509.Certificate, autorites: Autorites, instant: datetime) -> list[x509.Certificate]:
    """Du certificat à une racine du fichier ; sans racine dedans, à l’une des autorités qu’il donne.

    Les extensions que l’IGC-Santé n’émet pas ne sont pas exigées.
    """
    if not autorites.certificats:
        raise CertificatRefuse("chaine")
    racines = [autorite for autorite in autorites.certificats if autorite.issuer == autorite.subject]
    bati = (
        PolicyBuilder()
        .store(Store(racines or list(autorites.certificats)))
        .time(instant)
        .extension_policies(
            ca_policy=ExtensionPolicy.permit_all().require_present(
                x509.BasicConstraints, Criticality.AGNOSTIC, _est_une_autorite
            ),
            ee_policy=ExtensionPolicy.permit_all(),
        )
        .build_client_verifier()
    )
    try:
        return bati.verify(certificat, list(autorites.certificats)).chain
    except (VerificationError, ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature) as erreur:
        raise CertificatRefuse("chaine") from erreur


def _est_une_autorite(
    regles: Policy, certificat: x509.Certificate, contraintes: x509.BasicConstraints
) -> None:
    if not contraintes.ca:
        raise ValueError("ce signataire n’est pas une autorité")


def _verifier_l_usage(certificat: x509.Certificate) -> None:
    """Usage étendu absent : tout est permis (RFC 5280, § 4.2.1.12)."""
    try:
        usages = certificat.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not any(usage in usages for usage in _USAGES_CLIENT):
        raise CertificatRefuse("usage")


def _verifier_la_revocation(
    certificat: x509.Certificate,
    signataire: x509.Certificate,
    listes: Iterable[x509.CertificateRevocationList],
    instant: datetime,
) -> None:
    vivantes = 0
    for liste in listes:
        if liste.issuer != signataire.subject or not _est_signee(liste, signataire):
            continue
        if liste.get_revoked_certificate_by_serial_number(certificat.serial_number) is not None:
            raise CertificatRefuse("revoque")
        vivantes += liste.next_update_utc is None or liste.next_update_utc > instant
    if not vivantes:
        raise CertificatRefuse("revocation_inconnue")


def _est_signee(liste: x509.CertificateRevocationList, signataire: x509.Certificate) -> bool:
    try:
        return liste.is_signature_valid(signataire.public_key())  # type: ignore[arg-type]
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False
