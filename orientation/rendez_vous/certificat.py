"""Quel éditeur appelle : son certificat client, tel que le mandataire l’a reçu (docs/adr/0017).

Le mandataire termine TLS, vérifie la chaîne et la révocation, puis transmet le
certificat dans un en-tête. Deux gardes le rendent croyable : il remplace ce
qu’un client enverrait sous ces noms, et il joint un secret que lui seul
connaît. Puis tout est vérifié une seconde fois ici : une erreur de réglage du
mandataire ne suffit pas à ouvrir la porte.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from agenda.models import Editeur
from sas_platform.socle.certificats import (
    Autorites,
    CertificatRefuse,
    lire_autorites,
    lire_certificat,
    noms_communs,
    unites,
    verifier,
)

EN_TETE_SECRET = "X-SAS-Mandataire"  # noqa: S105  le nom, non la valeur
EN_TETE_VERDICT = "X-SSL-Client-Verify"
EN_TETE_CERTIFICAT = "X-SSL-Client-Cert"

journal = structlog.get_logger("sas.rendez_vous")


class AppelRefuse(Exception):
    """L’appelant n’a pas prouvé qu’il est un éditeur ; `motif` va au journal, le message à l’appelant."""

    MESSAGES = {
        "absent": "Présentez votre certificat client.",
        "mandataire": "Présentez votre certificat client.",
        "inconnu": "Ce certificat n’est celui d’aucun éditeur connu.",
        "indisponible": "Les certificats ne peuvent pas être vérifiés pour le moment.",
    }

    def __init__(self, motif: str, phrase: str = "") -> None:
        super().__init__(phrase or self.MESSAGES[motif])
        self.motif = motif


def editeur_de(request: HttpRequest, *, maintenant: datetime) -> Editeur:
    """L’éditeur dont le certificat est présenté, actif ou non. Lève `AppelRefuse`."""
    certificat = lire_certificat_presente(request)
    try:
        lu = lire_certificat(certificat)
        verifier(lu, autorites(), maintenant)
    except CertificatRefuse as refus:
        raise AppelRefuse(refus.motif, str(refus)) from refus
    except (OSError, ValueError) as erreur:
        journal.error("autorites_illisibles", exc_info=True)
        raise AppelRefuse("indisponible") from erreur
    communs = noms_communs(lu)
    # Un sujet à deux CN se lirait de deux façons ; de même celui dont deux OU désignent deux éditeurs.
    designes = Editeur.objects.filter(cn__in=communs, ou__in=unites(lu)).exclude(cn="").exclude(ou="")
    editeurs = list(designes[:2]) if len(communs) == 1 else []
    if len(editeurs) != 1:
        raise AppelRefuse("inconnu")
    return editeurs[0]


def lire_certificat_presente(request: HttpRequest) -> bytes:
    """Le certificat PEM transmis par le mandataire. Lève `AppelRefuse`."""
    attendu = settings.FHIR_SECRET_MANDATAIRE
    recu = request.headers.get(EN_TETE_SECRET, "")
    if not attendu or not constant_time_compare(recu, attendu):
        raise AppelRefuse("mandataire")
    # « NONE », ou « FAILED:motif » si le mandataire a laissé passer.
    if request.headers.get(EN_TETE_VERDICT, "") != "SUCCESS":
        raise AppelRefuse("absent")
    return unquote(request.headers.get(EN_TETE_CERTIFICAT, "")).encode()


def autorites() -> Autorites:
    """Relues dès que l’un des fichiers change. Lève `OSError` ou `ValueError`."""
    fichier = Path(settings.FHIR_AUTORITES) if settings.FHIR_AUTORITES else None
    if fichier is None:
        raise FileNotFoundError("FHIR_AUTORITES n’est pas réglé")
    fichiers = (fichier, *_listes())
    etats = tuple((str(f), f.stat().st_mtime_ns, f.stat().st_size) for f in fichiers)
    return _lire(etats)


def _listes() -> list[Path]:
    """Un fichier, ou tous ceux d’un dossier : une autorité et ses intermédiaires publient chacune la leur."""
    if not settings.FHIR_REVOCATIONS:
        return []
    chemin = Path(settings.FHIR_REVOCATIONS)
    if not chemin.is_dir():
        return [chemin]
    trouvees = sorted(f for f in chemin.iterdir() if f.suffix in (".crl", ".pem"))
    if not trouvees:
        raise FileNotFoundError(f"aucune liste de révocation dans {chemin}")
    return trouvees


@lru_cache(maxsize=2)
def _lire(etats: tuple[tuple[str, int, int], ...]) -> Autorites:
    certificats, *listes = (Path(nom) for nom, _, _ in etats)
    return lire_autorites(certificats, listes)
