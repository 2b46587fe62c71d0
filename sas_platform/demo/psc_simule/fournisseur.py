"""Règles du fournisseur d’identité, sans HTTP : demandes, codes, jetons, identité. État en mémoire."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from sas_platform.demo.personas import PAR_CLE, Persona, identifiant
from sas_platform.demo.psc_simule import identites

ROYAUME = "/auth/realms/esante-wallet"
PROTOCOLE = f"{ROYAUME}/protocol/openid-connect"
DUREE_CODE_S = 60
# Durées de Pro Santé Connect : jeton d’accès 2 min, rafraîchissement 30 min.
DUREE_ACCES_S = 120
DUREE_RAFRAICHISSEMENT_S = 1800
KID = "psc-simule-1"


class DemandeInvalide(Exception):
    """La demande ne peut pas être renvoyée à l’appelant : client ou adresse de retour inconnus."""


class ErreurOAuth(Exception):
    """Erreur normalisée (RFC 6749 § 4.1.2.1 et § 5.2)."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code


@dataclass(frozen=True, slots=True)
class Demande:
    redirection: str
    etat: str
    nonce: str
    defi: str


@dataclass(frozen=True, slots=True)
class Acces:
    persona: Persona
    expire_a: float
    session: str
    demande: Demande


@dataclass
class Fournisseur:
    """`deformations` remplace des champs du jeton d’identité, pour les essais d’un client méfiant.

    `par_certificat` : le client se prouve par le nom de son certificat (RFC 8705)
    et non par son secret. `deconnexion` : adresse où prévenir le client qu’une
    session est fermée.
    """

    base: str
    client_id: str
    client_secret: str
    redirections: Sequence[str]
    identifiants: Mapping[str, str] = field(default_factory=dict)
    horloge: Callable[[], float] = time.time
    deformations: dict[str, Any] = field(default_factory=dict)
    par_certificat: bool = False
    deconnexion: str = ""

    def __post_init__(self) -> None:
        self._cle = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._codes: dict[str, Acces] = {}
        self._acces: dict[str, Acces] = {}
        self._rafraichissements: dict[str, Acces] = {}
        # Session ouverte → la personne ; se ferme par elle, ou d’ici.
        self.sessions: dict[str, Persona] = {}

    @property
    def emetteur(self) -> str:
        return f"{self.base}{ROYAUME}"

    def decouverte(self) -> dict[str, Any]:
        protocole = f"{self.base}{PROTOCOLE}"
        return {
            "issuer": self.emetteur,
            "authorization_endpoint": f"{protocole}/auth",
            "token_endpoint": f"{protocole}/token",
            "userinfo_endpoint": f"{protocole}/userinfo",
            "jwks_uri": f"{protocole}/certs",
            "end_session_endpoint": f"{protocole}/logout",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["tls_client_auth"]
            if self.par_certificat
            else ["client_secret_basic", "client_secret_post"],
            "backchannel_logout_supported": bool(self.deconnexion),
            "backchannel_logout_session_supported": bool(self.deconnexion),
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "scope_all"],
            "acr_values_supported": ["eidas1"],
        }

    def cles(self) -> dict[str, Any]:
        publique = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._cle.public_key()))
        return {"keys": [publique | {"kid": KID, "alg": "RS256", "use": "sig"}]}

    def lire_demande(self, champs: Mapping[str, str]) -> Demande:
        """Lève `DemandeInvalide` si l’on ne sait à qui répondre, `ErreurOAuth` si la demande est incomplète."""
        if champs.get("client_id") != self.client_id or champs.get("redirect_uri") not in self.redirections:
            raise DemandeInvalide("client_id ou redirect_uri inconnu")
        exigences = {
            "response_type": champs.get("response_type") == "code",
            "scope": {"openid", "scope_all"} <= set(champs.get("scope", "").split()),
            "acr_values": champs.get("acr_values") == "eidas1",
            "state": bool(champs.get("state")),
            "nonce": bool(champs.get("nonce")),
            "code_challenge": len(champs.get("code_challenge", "")) == 43,
            "code_challenge_method": champs.get("code_challenge_method") == "S256",
        }
        manquants = [nom for nom, tenu in exigences.items() if not tenu]
        if manquants:
            raise ErreurOAuth("invalid_request", f"paramètre manquant ou refusé : {', '.join(manquants)}")
        return Demande(champs["redirect_uri"], champs["state"], champs["nonce"], champs["code_challenge"])

    def autoriser(self, demande: Demande, cle: str) -> str:
        """Code à usage unique pour cette persona. Lève `ErreurOAuth` si elle est inconnue."""
        if cle not in PAR_CLE:
            raise ErreurOAuth("access_denied", "persona inconnue")
        code = secrets.token_urlsafe(24)
        expire_a = self.horloge() + DUREE_CODE_S
        self._codes[code] = Acces(PAR_CLE[cle], expire_a, secrets.token_hex(8), demande)
        return code

    def echanger(
        self, champs: Mapping[str, str], client: tuple[str, str], certificat: str = ""
    ) -> dict[str, Any]:
        """Jetons contre un code ou un jeton de rafraîchissement ; l’un et l’autre ne servent qu’une fois.

        `certificat` : nom (CN) de celui que le client a présenté, vérifié par TLS.
        """
        preuve, attendue = (
            (certificat, self.client_id) if self.par_certificat else (client[1], self.client_secret)
        )
        if client[0] != self.client_id or not hmac.compare_digest(preuve.encode(), attendue.encode()):
            raise ErreurOAuth("invalid_client", "client inconnu")
        if champs.get("grant_type") == "authorization_code":
            acces = self._codes.pop(champs.get("code", ""), None)
            if acces and champs.get("redirect_uri") != acces.demande.redirection:
                raise ErreurOAuth("invalid_grant", "redirect_uri différent")
            if acces and _defi(champs.get("code_verifier", "")) != acces.demande.defi:
                raise ErreurOAuth("invalid_grant", "code_verifier refusé")
        elif champs.get("grant_type") == "refresh_token":
            acces = self._rafraichissements.pop(champs.get("refresh_token", ""), None)
        else:
            raise ErreurOAuth("unsupported_grant_type", "grant_type")
        if acces is None or acces.expire_a <= self.horloge():
            raise ErreurOAuth("invalid_grant", "code ou jeton inconnu, déjà servi ou expiré")
        return self._jetons(acces)

    def identite(self, jeton: str) -> dict[str, Any] | None:
        acces = self._acces.get(jeton)
        if acces is None or acces.expire_a <= self.horloge():
            return None
        return identites.champs(acces.persona, identifiant(acces.persona, self.identifiants))

    def fermer(self, jeton_identite: str, retour: str) -> str | None:
        """Révoque la session du jeton ; rend `retour` s’il mène à un client connu."""
        try:
            contenu = jwt.decode(
                jeton_identite,
                self._cle.public_key(),
                algorithms=["RS256"],
                options={"verify_aud": False, "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            return None
        self.revoquer(str(contenu.get("sid")))
        return retour if _origine(retour) in {_origine(admise) for admise in self.redirections} else None

    def revoquer(self, session: str) -> None:
        self.sessions.pop(session, None)
        for jetons in (self._acces, self._rafraichissements):
            for jeton in [j for j, acces in jetons.items() if acces.session == session]:
                del jetons[jeton]

    def jeton_de_deconnexion(self, session: str, persona: Persona, **deformations: Any) -> str:
        """Jeton qui annonce au client la fin d’une session (Back-Channel Logout 1.0 § 2.4)."""
        instant = int(self.horloge())
        contenu = {
            "iss": self.emetteur,
            "aud": self.client_id,
            "iat": instant,
            "exp": instant + DUREE_ACCES_S,
            "jti": secrets.token_hex(16),
            "sub": identites.sub(identifiant(persona, self.identifiants)),
            "sid": session,
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        } | deformations
        presents = {champ: valeur for champ, valeur in contenu.items() if valeur is not None}
        return jwt.encode(presents, self._cle, algorithm="RS256", headers={"kid": KID, "typ": "logout+jwt"})

    def _jetons(self, acces: Acces) -> dict[str, Any]:
        maintenant = self.horloge()
        jeton_acces, rafraichissement = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self._acces[jeton_acces] = Acces(
            acces.persona, maintenant + DUREE_ACCES_S, acces.session, acces.demande
        )
        self._rafraichissements[rafraichissement] = Acces(
            acces.persona, maintenant + DUREE_RAFRAICHISSEMENT_S, acces.session, acces.demande
        )
        self.sessions[acces.session] = acces.persona
        numero = identifiant(acces.persona, self.identifiants)
        contenu = {
            "iss": self.emetteur,
            "aud": self.client_id,
            "azp": self.client_id,
            "sub": identites.sub(numero),
            "iat": int(maintenant),
            "exp": int(maintenant) + DUREE_ACCES_S,
            "nonce": acces.demande.nonce,
            "sid": acces.session,
            "acr": "eidas1",
            "idp": "PSC",
            "preferred_username": numero,
        } | self.deformations
        return {
            "access_token": jeton_acces,
            "refresh_token": rafraichissement,
            "id_token": jwt.encode(contenu, self._cle, algorithm="RS256", headers={"kid": KID}),
            "token_type": "Bearer",
            "expires_in": DUREE_ACCES_S,
            "refresh_expires_in": DUREE_RAFRAICHISSEMENT_S,
            "scope": "openid scope_all",
        }


def _defi(verifieur: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifieur.encode()).digest()).rstrip(b"=").decode()


def _origine(url: str) -> tuple[str, str]:
    morceaux = urlsplit(url)
    return morceaux.scheme, morceaux.netloc
