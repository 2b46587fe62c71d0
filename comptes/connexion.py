"""Connexion par Pro Santé Connect : de l’identité nationale au compte habilité."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from comptes.connecteurs import psc
from comptes.demandeur import compte_actif
from comptes.models import Compte


class EchecConnexion(Exception):
    """La connexion n’aboutit pas ; l’écran d’échec montre `titre` et le fragment du motif."""

    motif = ""
    titre = ""
    etat_http = 403

    def __init__(
        self,
        identite: psc.Identite | None = None,
        compte: Compte | None = None,
        *,
        sans_demande: bool = False,
    ) -> None:
        super().__init__(self.motif)
        self.identite = identite
        self.compte = compte
        self.sans_demande = sans_demande


class ConnexionAnnulee(EchecConnexion):
    motif = "annulee"
    titre = "Connexion annulée"


class EtatPerime(EchecConnexion):
    motif = "perimee"
    titre = "Cette connexion a expiré"
    etat_http = 400


class PreuveRefusee(EchecConnexion):
    motif = "refusee"
    titre = "La connexion n’a pas pu être vérifiée"


class NiveauInsuffisant(EchecConnexion):
    motif = "niveau"
    titre = "Moyen d’identification insuffisant"


class ServiceIndisponible(EchecConnexion):
    motif = "indisponible"
    titre = "Pro Santé Connect ne répond pas"
    etat_http = 503


class SansHabilitation(EchecConnexion):
    motif = "sans_habilitation"
    titre = "Vous n’avez pas d’habilitation"


class CompteDesactive(EchecConnexion):
    motif = "desactive"
    titre = "Votre compte est désactivé"


class ConnexionPSC(OIDCAuthenticationBackend):
    """Le compte est celui dont l’identifiant national est le `SubjectNameID` ; aucun compte n’est créé ici.

    La bibliothèque ne vérifie ni `iss` ni `aud` et n’a pas de délai : jetons et
    identité passent par `connecteurs.psc`, qui vérifie tout.
    """

    def __init__(self) -> None:
        # Django construit ce moteur à chaque requête : rien ici ne doit appeler le réseau.
        self.UserModel = Compte
        self.OIDC_RP_CLIENT_ID = ""
        self.OIDC_RP_CLIENT_SECRET = ""
        self._rafraichissement: str | None = None

    def authenticate(self, request: HttpRequest | None, **kwargs: Any) -> Compte | None:
        try:
            return super().authenticate(request, **kwargs)
        except psc.PscIndisponible:
            raise ServiceIndisponible from None
        except psc.NiveauInsuffisant:
            raise NiveauInsuffisant from None
        except psc.ReponseRefusee:
            raise PreuveRefusee from None

    def get_token(self, payload: dict[str, str]) -> dict[str, Any]:
        jetons = psc.echanger_code(
            code=payload["code"], verifieur=payload["code_verifier"], redirection=payload["redirect_uri"]
        )
        self._rafraichissement = jetons.get("refresh_token")
        return jetons

    def verify_token(self, token: str, **kwargs: Any) -> dict[str, Any]:
        return psc.verifier_jeton_identite(token, nonce=kwargs["nonce"])

    def store_tokens(self, access_token: str, id_token: str) -> None:
        # Gardé hors de la session jusqu’à `login`, qui la vide si un autre compte y était.
        self.request.jeton_identite = id_token

    def get_or_create_user(self, access_token: str, id_token: str, payload: dict[str, Any]) -> Compte:
        identite = self._identite(access_token, payload["sub"])
        compte = Compte.objects.filter(identifiant_national=identite.identifiant_national).first()
        if compte is None:
            raise SansHabilitation(identite)
        if not compte.is_active:
            raise CompteDesactive(identite, compte)
        return compte

    def _identite(self, jeton_acces: str, sub: str) -> psc.Identite:
        """Le jeton d’accès ne vaut que deux minutes : un second essai avec un jeton neuf."""
        try:
            return psc.lire_identite(jeton_acces, sub=sub)
        except psc.JetonExpire:
            if not self._rafraichissement:
                raise
            return psc.lire_identite(psc.rafraichir(self._rafraichissement)["access_token"], sub=sub)

    def get_user(self, user_id: int) -> Compte | None:
        """Un compte désactivé perd aussitôt sa session."""
        return compte_actif(user_id, timezone.now())
