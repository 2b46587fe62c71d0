"""Signer un manifeste (Ed25519) et le vérifier, avec la seule clé publique. Ni base ni réseau."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from django.conf import settings

ALGORITHME = "Ed25519"


class CleIllisible(ValueError):
    """La clé n’est pas une clé Ed25519 en PEM."""


class SignatureFausse(ValueError):
    """Le manifeste n’est pas celui qui a été signé, ou pas par cette clé."""


def cle_privee() -> Ed25519PrivateKey:
    """Celle de l’installation ; hors ligne, à défaut, une clé tirée de SECRET_KEY. Lève `CleIllisible`."""
    if settings.EXPORTS_CLE_SIGNATURE:
        return lire_cle_privee(settings.EXPORTS_CLE_SIGNATURE)
    graine = hashlib.sha256(b"sas.exports:" + settings.SECRET_KEY.encode()).digest()
    return Ed25519PrivateKey.from_private_bytes(graine)


def lire_cle_privee(pem: str) -> Ed25519PrivateKey:
    try:
        cle = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise CleIllisible(
            "Clé de signature illisible\u00a0: il faut une clé privée Ed25519 en PEM."
        ) from None
    if not isinstance(cle, Ed25519PrivateKey):
        raise CleIllisible("La clé de signature n’est pas une clé Ed25519.")
    return cle


def lire_cle_publique(pem: bytes) -> Ed25519PublicKey:
    try:
        cle = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise CleIllisible("Clé publique illisible\u00a0: il faut une clé Ed25519 en PEM.") from None
    if not isinstance(cle, Ed25519PublicKey):
        raise CleIllisible("La clé publique n’est pas une clé Ed25519.")
    return cle


def en_pem(cle: Ed25519PublicKey) -> bytes:
    return cle.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def empreinte_de_cle(cle: Ed25519PublicKey) -> str:
    """Les seize premiers signes du SHA-256 de la clé : de quoi dire laquelle a signé."""
    return hashlib.sha256(cle.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def canonique(manifeste: Mapping[str, Any]) -> str:
    """La seule écriture d’un manifeste : clés triées, aucun espace, UTF-8. C’est elle qui se signe."""
    return json.dumps(manifeste, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def signer(texte: str) -> str:
    return base64.b64encode(cle_privee().sign(texte.encode())).decode()


def verifier(texte: str, signature: str, cle: Ed25519PublicKey) -> None:
    """Lève `SignatureFausse`."""
    try:
        cle.verify(base64.b64decode(signature, validate=True), texte.encode())
    except (InvalidSignature, binascii.Error, ValueError):
        raise SignatureFausse("La signature n’est pas celle de ce manifeste par cette clé.") from None
