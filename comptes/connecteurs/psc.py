"""Pro Santé Connect : découverte, échange du code, identité. Données simples en entrée et en sortie.

Aucune réponse n’est crue sur parole : hôtes sur liste, jetons vérifiés en
entier, réponses bornées en taille et en durée. Aucun jeton n’est mis dans un
message d’erreur. La plateforme s’authentifie par un secret, ou par un
certificat client (PSC_CLIENT_AUTH=mtls, exigé dans l’espace de confiance).
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
import structlog
from django.conf import settings

from comptes.domaine.identite import Identite, IdentiteIncomplete, lire

DUREE_DECOUVERTE_S = 3600
TAILLE_MAX = 200_000
TAILLE_JETON = 20_000
ALGORITHMES = ["RS256", "ES256"]
EVENEMENT_DECONNEXION = "http://schemas.openid.net/event/backchannel-logout"
DUREE_JETON_DECONNEXION_S = 120

journal = structlog.get_logger("sas.psc")


class PscIndisponible(Exception):
    """Pro Santé Connect ne répond pas, ou répond autre chose que du JSON attendu."""


class ReponseRefusee(Exception):
    """Pro Santé Connect a répondu, mais la réponse ne prouve pas l’identité."""


class NiveauInsuffisant(ReponseRefusee):
    """L’authentification n’est pas au niveau demandé (`acr`)."""


class HorlogeDecalee(ReponseRefusee):
    """Le jeton est daté hors de la tolérance : les deux horloges ne s’accordent pas."""


class CodeDejaServi(ReponseRefusee):
    """Le code ou le jeton de rafraîchissement ne vaut plus (`invalid_grant`)."""


class JetonExpire(ReponseRefusee):
    """Le jeton d’accès ne vaut plus (401)."""


class IdentiteIllisible(ReponseRefusee):
    """L’identité ne porte pas d’identifiant national."""


@dataclass(frozen=True, slots=True)
class Metadonnees:
    emetteur: str
    autorisation: str
    jetons: str
    identite: str
    cles: str
    fin_de_session: str


@dataclass(frozen=True, slots=True)
class FinDeSession:
    """Ce que dit un jeton de déconnexion : une session (`sid`), ou toutes celles d’une personne (`sub`)."""

    sid: str
    sub: str
    jti: str


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
    # RFC 8705 § 5 : les adresses à appeler avec un certificat, si elles ne sont pas les mêmes.
    alias = document.get("mtls_endpoint_aliases") if par_certificat() else None
    try:
        services = document | (alias or {})
        lues = Metadonnees(
            emetteur=verifier_hote(document["issuer"]),
            autorisation=verifier_hote(document["authorization_endpoint"]),
            jetons=verifier_hote(services["token_endpoint"]),
            identite=verifier_hote(services["userinfo_endpoint"]),
            cles=verifier_hote(document["jwks_uri"]),
            fin_de_session=verifier_hote(document["end_session_endpoint"]),
        )
    except (KeyError, TypeError) as manque:
        raise PscIndisponible("découverte incomplète") from manque
    with _verrou:
        _decouvertes[url] = (time.monotonic(), lues)
    return lues


def par_certificat() -> bool:
    return bool(settings.PSC_CLIENT_AUTH == "mtls")


def repond() -> bool:
    """Vrai si la découverte répond à l’instant, sans se fier à celle déjà lue."""
    try:
        _json(_appeler("GET", verifier_hote(settings.PSC_DECOUVERTE_URL))[1])
    except PscIndisponible:
        return False
    return True


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

    Lève `NiveauInsuffisant`, `HorlogeDecalee` ou `ReponseRefusee`. Source : OpenID Connect Core § 3.1.3.7.
    """
    contenu = _verifier(jeton, exiges=["iss", "aud", "exp", "iat", "sub", "nonce"])
    audiences = contenu["aud"] if isinstance(contenu["aud"], list) else [contenu["aud"]]
    mandataire = contenu.get("azp")
    if mandataire not in (None, settings.PSC_CLIENT_ID) or (len(audiences) > 1 and mandataire is None):
        raise ReponseRefusee("jeton d’identité : azp")
    if not nonce or contenu["nonce"] != nonce:
        raise ReponseRefusee("jeton d’identité : nonce")
    if contenu.get("acr") not in settings.PSC_ACR_ADMIS:
        raise NiveauInsuffisant("jeton d’identité : acr")
    return contenu


def verifier_jeton_deconnexion(jeton: str, *, instant_s: float) -> FinDeSession:
    """Session à fermer selon un jeton de déconnexion. Lève `ReponseRefusee` s’il ne prouve rien.

    Source : OpenID Connect Back-Channel Logout 1.0 § 2.6. Le rejeu (`jti`) est à vérifier par l’appelant.
    """
    contenu = _verifier(jeton, exiges=["iss", "aud", "iat", "jti"])
    evenements = contenu.get("events")
    if not isinstance(evenements, dict) or not isinstance(evenements.get(EVENEMENT_DECONNEXION), dict):
        raise ReponseRefusee("jeton de déconnexion : events")
    # Sans cela, un jeton d’identité volé fermerait la session qu’il avait ouverte.
    if "nonce" in contenu:
        raise ReponseRefusee("jeton de déconnexion : nonce")
    if abs(instant_s - float(contenu["iat"])) > DUREE_JETON_DECONNEXION_S + settings.PSC_DERIVE_HORLOGE_S:
        raise HorlogeDecalee("jeton de déconnexion : iat")
    sid, sub, jti = (contenu.get(nom) for nom in ("sid", "sub", "jti"))
    if not isinstance(jti, str) or not any(isinstance(nom, str) and nom for nom in (sid, sub)):
        raise ReponseRefusee("jeton de déconnexion : sid et sub")
    return FinDeSession(_texte(sid), _texte(sub), jti)


def _texte(valeur: object) -> str:
    return valeur if isinstance(valeur, str) else ""


def _verifier(jeton: str, *, exiges: list[str]) -> dict[str, Any]:
    """Contenu d’un jeton signé par Pro Santé Connect pour cette plateforme."""
    if len(jeton) > TAILLE_JETON:
        raise ReponseRefusee("jeton trop long")
    try:
        contenu: dict[str, Any] = jwt.decode(
            jeton,
            _cle(jwt.get_unverified_header(jeton)),
            algorithms=ALGORITHMES,
            audience=settings.PSC_CLIENT_ID,
            issuer=metadonnees().emetteur,
            leeway=settings.PSC_DERIVE_HORLOGE_S,
            options={"require": exiges},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as refus:
        raise HorlogeDecalee(f"jeton : {type(refus).__name__}") from None
    except jwt.PyJWTError as refus:
        raise ReponseRefusee(f"jeton : {type(refus).__name__}") from None
    return contenu


def lire_identite(jeton_acces: str, *, sub: str) -> Identite:
    """Identité du porteur de `jeton_acces`, qui doit être celle du jeton d’identité (`sub`).

    Lève `JetonExpire` sur un 401, `IdentiteIllisible` si l’identifiant national manque.
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
    try:
        return lire(champs)
    except IdentiteIncomplete as manque:
        raise IdentiteIllisible(str(manque)) from None


def _jetons(champs: dict[str, str]) -> dict[str, Any]:
    preuve: dict[str, Any] = {"auth": (settings.PSC_CLIENT_ID, settings.PSC_CLIENT_SECRET)}
    if par_certificat():
        champs, preuve = champs | {"client_id": settings.PSC_CLIENT_ID}, {}
    etat, corps = _appeler("POST", metadonnees().jetons, data=champs, admis=(200, 400, 401), **preuve)
    jetons = _json(corps)
    if etat != requests.codes.ok:
        if jetons.get("error") == "invalid_grant":
            raise CodeDejaServi("invalid_grant")
        # Notre secret ou notre certificat : la personne n’y peut rien, l’exploitant si.
        journal.error("psc_client_refuse", etat=etat)
        raise PscIndisponible("client refusé")
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
    certificat = (settings.PSC_CERTIFICAT, settings.PSC_CLE) if par_certificat() else None
    try:
        with requests.request(
            methode,
            url,
            timeout=settings.PSC_DELAIS_S,
            allow_redirects=False,
            stream=True,
            cert=certificat,
            verify=settings.PSC_AUTORITES or True,
            **options,
        ) as reponse:
            for morceau in reponse.iter_content(16_384):
                corps += morceau
                if len(corps) > TAILLE_MAX:
                    raise PscIndisponible("réponse trop longue")
    except (requests.RequestException, OSError) as panne:
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
