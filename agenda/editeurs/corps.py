"""Lire le corps d’une réponse sans jamais en garder plus qu’admis, quelle que soit sa compression."""

from __future__ import annotations

import zlib
from datetime import UTC
from email.utils import parsedate_to_datetime

import aiohttp
import msgspec

from agenda.editeurs.valeurs import borner

MORCEAU = 1 << 16
# Ce que l’on accorde à « revenez plus tard » : une seconde au moins, un quart d’heure au plus.
ATTENTE_MIN_S = 1
ATTENTE_MAX_S = 900


class CorpsRefuse(Exception):
    """Corps trop volumineux, ou comprimé d’une façon que l’on ne lit pas."""


async def lire_corps(reponse: aiohttp.ClientResponse, taille_max: int) -> bytes:
    """Octets décomprimés du corps. La session doit être ouverte sans `auto_decompress`.

    La borne vaut pour ce qui arrive et pour ce que la décompression produit, au fur
    et à mesure : une bombe n’occupe jamais plus que `taille_max`. Lève `CorpsRefuse`.
    """
    codage = reponse.headers.get("Content-Encoding", "").strip().lower()
    recus = produits = 0
    morceaux: list[bytes] = []
    decompresseur = None if codage in ("", "identity") else _Decompresseur(codage)
    async for recu in reponse.content.iter_chunked(MORCEAU):
        recus += len(recu)
        lus = decompresseur.lire(recu, taille_max - produits) if decompresseur else recu
        produits += len(lus)
        if recus > taille_max or produits > taille_max:
            raise CorpsRefuse("réponse trop volumineuse")
        morceaux.append(lus)
    if decompresseur and not decompresseur.est_fini:
        raise CorpsRefuse("réponse comprimée incomplète")
    return b"".join(morceaux)


class _Decompresseur:
    def __init__(self, codage: str) -> None:
        if codage not in ("gzip", "x-gzip", "deflate"):
            raise CorpsRefuse("compression inconnue")
        self._deflate = codage == "deflate"
        self._moteur: zlib._Decompress | None = None
        self._vide = True

    @property
    def est_fini(self) -> bool:
        return self._vide or bool(self._moteur and self._moteur.eof)

    def lire(self, recu: bytes, reste: int) -> bytes:
        """Ce que ce morceau produit, un octet au-delà de `reste` au plus : assez pour savoir que c’est trop."""
        if not recu:
            return b""
        self._vide = False
        if self._moteur is None:
            # « deflate » est tantôt précédé de l’en-tête de zlib, tantôt nu : son premier octet le dit.
            nu = self._deflate and recu[0] & 0x0F != 8
            self._moteur = zlib.decompressobj(-15 if nu else 47)
        try:
            return self._moteur.decompress(recu, max(1, reste + 1))
        except zlib.error:
            raise CorpsRefuse("compression illisible") from None


def premier_motif(corps: bytes) -> str:
    """Première raison d’un OperationOutcome, bornée ; rien s’il ne se lit pas."""
    try:
        (issue, *_) = msgspec.json.decode(corps)["issue"]
        textes = issue.get("diagnostics"), (issue.get("details") or {}).get("text"), issue.get("code")
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return ""
    return next((lu for texte in textes if isinstance(texte, str) and (lu := borner(texte, 150))), "")


def attente_demandee(retry_after: str | None, date: str | None) -> int:
    """Secondes d’attente que demande `Retry-After`, bornées ; 0 s’il ne dit rien d’utile.

    Il donne des secondes, ou un instant, compté alors depuis l’heure du serveur (`Date`) :
    celle de nos machines peut différer.
    """
    texte = (retry_after or "").strip()
    if texte.isascii() and texte.isdigit():
        secondes = int(texte[:9])
    else:
        try:
            quand, maintenant = parsedate_to_datetime(texte), parsedate_to_datetime(date or "")
        except (ValueError, OverflowError):
            return 0
        avec_fuseau = [
            instant if instant.tzinfo else instant.replace(tzinfo=UTC) for instant in (quand, maintenant)
        ]
        secondes = int((avec_fuseau[0] - avec_fuseau[1]).total_seconds())
    return min(ATTENTE_MAX_S, max(ATTENTE_MIN_S, secondes)) if secondes > 0 else 0
