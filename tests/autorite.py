"""Une autorité de certification créée par les tests : rien de secret, rien dans le dépôt."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
SERVEUR = ExtendedKeyUsageOID.SERVER_AUTH
JOUR = dt.timedelta(days=1)


@dataclass(frozen=True)
class Paire:
    """Un certificat et sa clé, sur le disque."""

    certificat: Path
    cle: Path
    x509: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificat.read_text()

    @property
    def fichiers(self) -> tuple[str, str]:
        return str(self.certificat), str(self.cle)


class Autorite:
    """Délivre et révoque ; `superieure` en fait une autorité intermédiaire."""

    def __init__(
        self, dossier: Path, nom: str = "Autorité d’essai", *, superieure: Autorite | None = None
    ) -> None:
        self.dossier, self.nom = dossier, nom
        self._cle = ec.generate_private_key(ec.SECP256R1())
        self._revoques: list[int] = []
        signataire = superieure or self
        self.certificat = signataire._signer(sujet(nom), self._cle, ac=True)
        self.fichier = dossier / f"{nom}.pem"
        self.fichier.write_bytes(self.certificat.public_bytes(serialization.Encoding.PEM))

    def delivrer(
        self,
        cn: str,
        ou: Sequence[str] = (),
        *,
        usage: x509.ObjectIdentifier = CLIENT,
        debut: dt.datetime | None = None,
        fin: dt.datetime | None = None,
    ) -> Paire:
        cle = ec.generate_private_key(ec.SECP256R1())
        signe = self._signer(sujet(cn, ou), cle, usage=usage, debut=debut, fin=fin)
        base = self.dossier / f"{signe.serial_number:x}"
        certificat, fichier_cle = base.with_suffix(".pem"), base.with_suffix(".cle")
        certificat.write_bytes(signe.public_bytes(serialization.Encoding.PEM))
        fichier_cle.write_bytes(
            cle.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return Paire(certificat, fichier_cle, signe)

    def revoquer(self, revoque: Paire | Autorite) -> None:
        certificat = revoque.x509 if isinstance(revoque, Paire) else revoque.certificat
        self._revoques.append(certificat.serial_number)

    def liste_de_revocation(
        self, *, le: dt.datetime | None = None, jusqu_au: dt.datetime | None = None, der: bool = False
    ) -> Path:
        le = le or dt.datetime.now(dt.UTC) - JOUR
        chantier = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificat.subject)
            .last_update(le)
            .next_update(jusqu_au or le + 8 * JOUR)
        )
        for numero in self._revoques:
            revoque = x509.RevokedCertificateBuilder().serial_number(numero).revocation_date(le)
            chantier = chantier.add_revoked_certificate(revoque.build())
        forme = serialization.Encoding.DER if der else serialization.Encoding.PEM
        fichier = self.dossier / f"{self.nom}.crl"
        fichier.write_bytes(chantier.sign(self._cle, hashes.SHA256()).public_bytes(forme))
        return fichier

    def _signer(
        self,
        nom: x509.Name,
        cle: ec.EllipticCurvePrivateKey,
        *,
        ac: bool = False,
        usage: x509.ObjectIdentifier | None = None,
        debut: dt.datetime | None = None,
        fin: dt.datetime | None = None,
    ) -> x509.Certificate:
        maintenant = dt.datetime.now(dt.UTC)
        usages = dict.fromkeys(_USAGES, False) | (
            {"key_cert_sign": True, "crl_sign": True} if ac else {"digital_signature": True}
        )
        chantier = (
            x509.CertificateBuilder()
            .subject_name(nom)
            .issuer_name(nom if cle is self._cle else self.certificat.subject)
            .public_key(cle.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(debut or maintenant - 3650 * JOUR)
            .not_valid_after(fin or maintenant + 3650 * JOUR)
            .add_extension(x509.BasicConstraints(ca=ac, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**usages), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(cle.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._cle.public_key()), critical=False
            )
        )
        if usage is not None:
            adresse = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            chantier = chantier.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            chantier = chantier.add_extension(x509.SubjectAlternativeName([adresse]), critical=False)
        return chantier.sign(self._cle, hashes.SHA256())


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def sujet(cn: str, ou: Sequence[str] = ()) -> x509.Name:
    attributs = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unite) for unite in ou]
    return x509.Name([*attributs, x509.NameAttribute(NameOID.COMMON_NAME, cn)])
