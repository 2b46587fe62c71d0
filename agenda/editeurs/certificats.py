"""Notre certificat client auprès de chaque éditeur, et les autorités qui signent son serveur (docs/adr/0017).

Le certificat d’un éditeur est `NOM.pem` et sa clé `NOM.cle` dans
`EDITEURS_CERTIFICATS`, où NOM est `Editeur.certificat` ; sans nom, c’est celui de
la plateforme. `CODE.ac.pem`, s’il existe, donne les seules autorités admises de
son serveur ; sinon `EDITEURS_AUTORITES`, sinon celles du système.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from agenda.models import Editeur
from sas_platform.socle.certificats import expire_le

PREAVIS = timedelta(days=45)  # le temps d’en commander un autre à l’IGC-Santé
_NOM = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}")
Etats = tuple[tuple[str, int, int], ...]


class CertificatInutilisable(Exception):
    """Le certificat, sa clé ou les autorités d’un éditeur manquent ou ne se lisent pas."""


@dataclass(frozen=True, slots=True)
class Fichiers:
    """Chemins vides : pas de certificat client, autorités du système."""

    certificat: str
    cle: str
    autorites: str


def fichiers(editeur: Editeur) -> Fichiers:
    """Lève `CertificatInutilisable` si le nom du certificat n’est pas celui d’un fichier du dossier."""
    dossier = Path(settings.EDITEURS_CERTIFICATS) if settings.EDITEURS_CERTIFICATS else None
    autorites = settings.EDITEURS_AUTORITES
    if dossier is not None and (siennes := dossier / f"{editeur.code}.ac.pem").is_file():
        autorites = str(siennes)
    if not editeur.certificat:
        return Fichiers(settings.EDITEURS_CERTIFICAT, settings.EDITEURS_CLE, autorites)
    if dossier is None or not _NOM.fullmatch(editeur.certificat):
        raise CertificatInutilisable("certificat client introuvable")
    certificat, cle = (dossier / f"{editeur.certificat}{suffixe}" for suffixe in (".pem", ".cle"))
    return Fichiers(str(certificat), str(cle), autorites)


def contexte(editeur: Editeur) -> ssl.SSLContext:
    """Contexte TLS pour appeler cet éditeur ; refait dès que l’un de ses fichiers change.

    Lève `CertificatInutilisable`.
    """
    choisis = fichiers(editeur)
    noms = [nom for nom in (choisis.certificat, choisis.cle, choisis.autorites) if nom]
    try:
        etats = tuple((nom, (etat := Path(nom).stat()).st_mtime_ns, etat.st_size) for nom in noms)
        return _contexte(choisis, etats)
    except (OSError, ValueError) as erreur:  # `ssl.SSLError` est une `OSError`
        raise CertificatInutilisable("certificat client ou autorités illisibles") from erreur


def echeance(editeur: Editeur) -> datetime | None:
    """Terme de notre certificat auprès de cet éditeur, en UTC ; nul s’il n’y en a pas.

    Lève `CertificatInutilisable`.
    """
    certificat = fichiers(editeur).certificat
    if not certificat:
        return None
    try:
        return expire_le(Path(certificat))
    except (OSError, ValueError) as erreur:
        raise CertificatInutilisable("certificat client illisible") from erreur


def defauts(editeur: Editeur, *, maintenant: datetime) -> Iterator[str]:
    """Ce qui empêche, ou va empêcher, d’appeler cet éditeur : une phrase par défaut."""
    try:
        contexte(editeur)
        terme = echeance(editeur)
    except CertificatInutilisable as refus:
        yield f"{editeur.code}\u00a0: {refus}."
        return
    if terme is None:
        yield f"{editeur.code}\u00a0: aucun certificat client."
    elif terme <= maintenant:
        yield f"{editeur.code}\u00a0: le certificat client a expiré le {terme:%d/%m/%Y}."
    elif terme <= maintenant + PREAVIS:
        yield f"{editeur.code}\u00a0: le certificat client expire le {terme:%d/%m/%Y}."


@lru_cache(maxsize=64)
def _contexte(choisis: Fichiers, etats: Etats) -> ssl.SSLContext:
    """`etats` n’est là que pour la mémoire : un fichier changé donne un autre contexte."""
    tls = ssl.create_default_context(cafile=choisis.autorites or None)
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    if choisis.certificat:
        tls.load_cert_chain(choisis.certificat, choisis.cle or None)
    return tls
