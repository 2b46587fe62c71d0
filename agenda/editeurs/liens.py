"""Lien de réservation d’un éditeur, avec l’origine que la plateforme y ajoute (fhir.md § 9)."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

LONGUEUR_MAX = 2000
HOTES_LOCAUX = ("127.0.0.1", "localhost")


class LienRefuse(ValueError):
    """Lien qui n’ouvrira pas : schéma, hôte ou forme refusés."""


def avec_origine(lien: str, *, origine: str, hotes: Collection[str]) -> str:
    """Rend `lien` avec `origin=origine` dans la requête, le reste inchangé.

    Un `origin` déjà présent est remplacé ; fragment et autres paramètres sont
    gardés. HTTPS seulement, sauf sur la boucle locale ; hôte parmi `hotes` ;
    ni identifiant ni signe de contrôle. Lève `LienRefuse`.
    """
    if not lien or len(lien) > LONGUEUR_MAX or any(ord(signe) <= 32 or ord(signe) == 127 for signe in lien):
        raise LienRefuse("lien vide, trop long ou mal écrit")
    try:
        morceaux = urlsplit(lien)
        hote, _port = morceaux.hostname or "", morceaux.port
    except ValueError as erreur:
        raise LienRefuse("adresse illisible") from erreur
    if morceaux.scheme != "https" and not (morceaux.scheme == "http" and hote in HOTES_LOCAUX):
        raise LienRefuse("schéma refusé")
    if morceaux.username is not None or morceaux.password is not None or "\\" in lien:
        raise LienRefuse("identifiant dans l’adresse")
    if hote not in hotes:
        raise LienRefuse("hôte non admis")
    parametres = [
        (nom, valeur) for nom, valeur in parse_qsl(morceaux.query, keep_blank_values=True) if nom != "origin"
    ]
    return urlunsplit(morceaux._replace(query=urlencode([*parametres, ("origin", origine)])))
