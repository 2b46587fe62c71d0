"""Le manifeste remis avec un fichier, et la vérification de l’un par l’autre : ni base, ni session."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from remuneration.caisse.signature import (
    ALGORITHME,
    SignatureFausse,
    canonique,
    cle_privee,
    empreinte_de_cle,
    verifier,
)
from sas_platform.socle.tableurs import BOM


class FichierFaux(ValueError):
    """Le fichier n’est pas celui que dit le manifeste, ou le manifeste ne se lit pas ; le message est montrable."""


def enveloppe(manifeste: str, signature: str) -> bytes:
    """Le manifeste, sa signature, et de quelle clé elle est : un seul fichier JSON."""
    remis = {
        "manifeste": json.loads(manifeste),
        "signature": signature,
        "algorithme": ALGORITHME,
        "cle": empreinte_de_cle(cle_privee().public_key()),
    }
    return (json.dumps(remis, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def controler(contenu: bytes, remis: bytes, cle: Ed25519PublicKey) -> dict[str, Any]:
    """Le manifeste, s’il est bien signé et s’il décrit ce fichier. Lève `FichierFaux`."""
    try:
        lu = json.loads(remis)
        manifeste, signature = lu["manifeste"], str(lu["signature"])
        texte = canonique(manifeste)
    except (ValueError, KeyError, TypeError):
        raise FichierFaux("Le manifeste ne se lit pas.") from None
    try:
        verifier(texte, signature, cle)
    except SignatureFausse as fausse:
        autre = lu.get("cle") != empreinte_de_cle(cle)
        raise FichierFaux(
            f"{fausse}{' Il dit avoir été signé par une autre clé.' if autre else ''}"
        ) from None
    if hashlib.sha256(contenu).hexdigest() != manifeste.get("sha256"):
        raise FichierFaux("Le fichier n’est pas celui du manifeste\u00a0: son empreinte diffère.")
    # L’empreinte suffit ; ceci dit à qui lit que le compte de lignes du manifeste est aussi celui du fichier.
    if contenu.decode("utf-8").removeprefix(BOM).count("\r\n") - 1 != manifeste.get("lignes"):
        raise FichierFaux("Le fichier n’a pas le nombre de lignes du manifeste.")
    return dict(manifeste)
