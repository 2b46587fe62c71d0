"""Pro Santé Connect : découverte, échange du code, identité. Données simples en entrée et en sortie.

Aucune réponse n’est crue sur parole : hôtes sur liste, jeton d’identité
vérifié en entier, réponses bornées en taille et en durée. Aucun jeton n’est
mis dans un message d’erreur.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt
import requests
from django.conf import settings

DUREE_DECOUVERTE_S = 3600
TAILLE_MAX = 200_000
ALGORITHMES = ["RS256", "ES256"]


class PscIndisponible(Exception):
    """Pro Santé Connect ne répond pas, ou répond autre chose que du JSON attendu."""


class ReponseRefusee(Exception):
    """Pro Santé Connect a répondu, mais la réponse ne prouve pas l’identité."""


class NiveauInsuffisant(ReponseRefusee):
    """L’authentification n’est pas au niveau demandé (`acr`)."""


class JetonExpire(ReponseRefusee):
    """Le jeton d’accès ne vaut plus (401)."""


@dataclass(frozen=True, slots=True)
class Metadonnees:
    emetteur: str
    autorisation: str
    jetons: str
    identite: str
    cles: str
    fin_de_session: str


@dataclass(frozen=True, slots=True)
class Identite:
    """Ce que la plateforme retient d’une personne ; `identifiant_national` est la clé, jamais `sub`."""

    identifiant_national: str
    prenom: str
    nom: str


_decouvertes: dict[str, tuple[float, Metadonnees]] = {}
_verrou = threading.Lock()


def metadonnees() -> Metadonnees:
    """Points d’accès publiés par Pro Santé Connect, relus toutes les heures.

    Lève `PscIndisponible` si la découverte échoue ou sort de la liste d’hôtes.
    """
    url = settings.PSC_DECOUVERTE_URL
    with _verrou:
        lues_a, connues = _decouvertes.get(url, (0.0, None))
    if connues and time.monotonic() - lues_a < DUREE_DECOUVERTE_S:
        return connues
    document = _json(_appeler("GET", verifier_hote(url))[1])
    try:
        lues = Metadonnees(
            emetteur=verifier_hote(document["issuer"]),
            autorisation=verifier_hote(document["authorization_endpoint"]),
            jetons=verifier_hote(document["token_endpoint"]),
            identite=verifier_hote(document["userinfo_endpoint"]),
            cles=verifier_hote(document["jwks_uri"]),
            fin_de_session=verifier_hote(document["end_session_endpoint"]),
        )
    except (KeyError, TypeError) as manque:
        raise PscIndisponible("découverte incomplète") from manque
    with _verrou:
        _decouvertes[url] = (time.monotonic(), lues)
    return lues


def oublier_decouverte() -> None:
    with _verrou:
        _decouvertes.clear()


def verifier_hote(url: str) -> str:
    """Rend `url` si son hôte est admis, en https hors démonstration. Lève `PscIndisponible` sinon."""
    morceaux = urlsplit(str(url))
    schemas = {"https"} if settings.EST_EN_LIGNE else {"https", "http"}
    if morceaux.scheme not in schemas or morceaux.netloc not in settings.PSC_HOTES_ADMIS:
        raise PscIndisponible("hôte hors de la liste PSC_HOTES_ADMIS")
    return str(url)


def echanger_code(*, code: str, verifieur: str, redirection: str) -> dict[str, Any]:
    """Échange le code contre les jetons. Lève `ReponseRefusee` si le code ne vaut rien."""
    return _jetons(
        {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifieur,
            "redirect_uri": redirection,
        }
    )


def rafraichir(jeton_de_rafraichissement: str) -> dict[str, Any]:
    return _jetons({"grant_type": "refresh_token", "refresh_token": jeton_de_rafraichissement})


def verifier_jeton_identite(jeton: str, *, nonce: str) -> dict[str, Any]:
    """Contenu du jeton d’identité, une fois tout vérifié : signature, iss, aud, azp, exp, nonce, acr.

    Lève `NiveauInsuffisant` ou `ReponseRefusee`. Source : OpenID Connect Core § 3.1.3.7.
    """
    try:
        entete = jwt.get_unverified_header(jeton)
        contenu: dict[str, Any] = jwt.decode(
            jeton,
            _cle(entete),
            algorithms=ALGORITHMES,
            audience=settings.PSC_CLIENT_ID,
            issuer=metadonnees().emetteur,
            leeway=settings.PSC_DERIVE_HORLOGE_S,
            options={"require": ["iss", "aud", "exp", "iat", "sub", "nonce"]},
        )
    except jwt.PyJWTError as refus:
        raise ReponseRefusee(f"jeton d’identité : {type(refus).__name__}") from None
    audiences = contenu["aud"] if isinstance(contenu["aud"], list) else [contenu["aud"]]
    mandataire = contenu.get("azp")
    if mandataire not in (None, settings.PSC_CLIENT_ID) or (len(audiences) > 1 and mandataire is None):
        raise ReponseRefusee("jeton d’identité : azp")
    if not nonce or contenu["nonce"] != nonce:
        raise ReponseRefusee("jeton d’identité : nonce")
    if contenu.get("acr") not in settings.PSC_ACR_ADMIS:
        raise NiveauInsuffisant("jeton d’identité : acr")
    return contenu


def lire_identite(jeton_acces: str, *, sub: str) -> Identite:
    """Identité du porteur de `jeton_acces`, qui doit être celle du jeton d’identité (`sub`).

    Lève `JetonExpire` sur un 401, `ReponseRefusee` si l’identifiant national manque.
    """
    etat, corps = _appeler(
        "GET",
        metadonnees().identite,
        headers={"Authorization": f"Bearer {jeton_acces}"},
        admis=(200, 401, 403),
    )
    if etat != requests.codes.ok:
        raise JetonExpire("identité refusée")
    champs = _json(corps)
    if champs.get("sub") != sub:
        raise ReponseRefusee("identité d’une autre personne")
    identifiant = _texte(champs.get("SubjectNameID"), 64)
    if not identifiant:
        raise ReponseRefusee("SubjectNameID absent")
    return Identite(
        identifiant_national=identifiant,
        prenom=_texte(champs.get("given_name"), 100),
        nom=_texte(champs.get("family_name"), 100),
    )


def _texte(valeur: object, longueur: int) -> str:
    return valeur.strip()[:longueur] if isinstance(valeur, str) else ""


def _jetons(champs: dict[str, str]) -> dict[str, Any]:
    etat, corps = _appeler(
        "POST",
        metadonnees().jetons,
        data=champs,
        auth=(settings.PSC_CLIENT_ID, settings.PSC_CLIENT_SECRET),
        admis=(200, 400, 401),
    )
    if etat != requests.codes.ok:
        raise ReponseRefusee("code ou secret refusé")
    jetons = _json(corps)
    if not isinstance(jetons.get("access_token"), str) or not isinstance(jetons.get("id_token"), str):
        raise ReponseRefusee("jetons absents de la réponse")
    return jetons


def _cle(entete: dict[str, Any]) -> jwt.PyJWK:
    """Clé publique annoncée par l’en-tête du jeton, relue à chaque connexion : les clés tournent."""
    cles = _json(_appeler("GET", metadonnees().cles)[1]).get("keys")
    for cle in cles if isinstance(cles, list) else []:
        if isinstance(cle, dict) and cle.get("kid") == entete.get("kid") and cle.get("use", "sig") == "sig":
            return jwt.PyJWK(cle, algorithm=cle.get("alg") or entete.get("alg"))
    raise jwt.InvalidKeyError("clé inconnue")


def _appeler(methode: str, url: str, *, admis: tuple[int, ...] = (200,), **options: Any) -> tuple[int, bytes]:
    """Appel borné : délais courts, taille limitée, pas de redirection suivie, états attendus seulement."""
    corps = b""
    try:
        with requests.request(
            methode, url, timeout=settings.PSC_DELAIS_S, allow_redirects=False, stream=True, **options
        ) as reponse:
            for morceau in reponse.iter_content(16_384):
                corps += morceau
                if len(corps) > TAILLE_MAX:
                    raise PscIndisponible("réponse trop longue")
    except requests.RequestException as panne:
        # `from None` : l’exception d’origine porte l’URL, donc parfois un jeton.
        raise PscIndisponible(type(panne).__name__) from None
    if reponse.status_code not in admis:
        raise PscIndisponible(f"réponse inattendue ({reponse.status_code})")
    return reponse.status_code, corps


def _json(corps: bytes) -> dict[str, Any]:
    try:
        document = json.loads(corps)
    except ValueError:
        raise PscIndisponible("réponse illisible") from None
    if not isinstance(document, dict):
        raise PscIndisponible("réponse illisible")
    return document
