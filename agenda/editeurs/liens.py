"""Liens de réservation des éditeurs : admis ou non, et complétés du paramètre `origin`."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from urllib.parse import quote, unquote_plus, urlsplit, urlunsplit

LONGUEUR_MAX = 2000
HOTES_LOCAUX = frozenset({"127.0.0.1", "localhost", "::1"})
_DEBUT = re.compile(r"[^/?#]*//[^/?#]*")
_SIGNES_INTERDITS = re.compile(r"[^\x21-\x7e]|[\\<>\"`]")


class LienRefuse(ValueError):
    """Ce lien de réservation ne peut pas être ouvert."""


def lien_admis(lien: str, *, hotes: Collection[str] | None, http_local: bool = False) -> bool:
    """Vrai si le lien peut être montré : https, sans identité, sur un hôte déclaré de l’éditeur.

    `hotes` vide : aucun ; None : tous (lecture d’un fichier, sans éditeur).
    `http_local` : admet http vers la machine elle-même (démonstration).
    """
    if len(lien) > LONGUEUR_MAX or _SIGNES_INTERDITS.search(lien):
        return False
    debut = _DEBUT.match(lien)
    hote = debut and _hote(debut.group(), http_local=http_local)
    return bool(hote) and (hotes is None or hote in {admis.lower() for admis in hotes})


@lru_cache(maxsize=1024)  # les liens d’un éditeur ont presque tous le même
def _hote(debut: str, *, http_local: bool) -> str:
    """Hôte d’un lien qui commence ainsi (schéma et autorité) ; vide s’il n’est pas admis, quel que soit l’éditeur."""
    try:
        url = urlsplit(debut)
        hote, port = url.hostname, url.port
    except ValueError:
        return ""
    if not hote or "@" in url.netloc or port == 0:
        return ""
    est_admis = url.scheme == "https" or (url.scheme == "http" and http_local and hote in HOTES_LOCAUX)
    return hote if est_admis else ""


def avec_origine(lien: str, *, origine: str, hotes: Collection[str], http_local: bool = False) -> str:
    """Le lien, son paramètre `origin` posé ou remplacé ; le reste, fragment compris, à l’octet près.

    Lève `LienRefuse` si le lien n’est pas admis : la liste des hôtes a pu
    changer depuis que le créneau a été lu.
    """
    if not lien_admis(lien, hotes=hotes, http_local=http_local):
        raise LienRefuse("Le lien de réservation de l’éditeur n’est pas admis.")
    parametre = f"origin={quote(origine, safe='')}"
    if lien.startswith("http") and "?" not in lien and "#" not in lien:
        return f"{lien}?{parametre}"
    url = urlsplit(lien)
    autres = [
        morceau
        for morceau in url.query.split("&")
        if morceau and unquote_plus(morceau.partition("=")[0]) != "origin"
    ]
    return urlunsplit(url._replace(query="&".join([*autres, parametre])))
