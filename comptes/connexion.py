"""Connexion par Pro Santé Connect : de l’identité nationale au compte habilité."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import auth
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from comptes import echecs, sessions
from comptes import preuve as preuves
from comptes.actions import tracer
from comptes.connecteurs import psc
from comptes.demandeur import compte_actif
from comptes.domaine.identite import Identite
from comptes.enums import Role
from comptes.models import Compte, SessionOuverte
from comptes.preuve import Preuve
from sas_platform.socle.textes import normaliser

MOTEUR = "comptes.connexion.ConnexionPSC"
# Qui n’a que ces rôles arrive sur son tableau de bord, qui mène à ceux pour qui il agit.
TIENNENT_UN_AGENDA = frozenset({Role.EFFECTEUR, Role.GESTIONNAIRE_STRUCTURE, Role.DELEGATAIRE})

# Du plus précis au plus général : le premier qui convient dit l’écran.
_ECHECS: tuple[tuple[type[Exception], type[echecs.EchecConnexion]], ...] = (
    (psc.PscIndisponible, echecs.ServiceIndisponible),
    (psc.NiveauInsuffisant, echecs.NiveauInsuffisant),
    (psc.HorlogeDecalee, echecs.HorlogesDesaccordees),
    (psc.CodeDejaServi, echecs.CodeRejoue),
    (psc.JetonExpire, echecs.IdentiteNonLue),
    (psc.IdentiteIllisible, echecs.IdentiteSansNumero),
    (psc.ReponseRefusee, echecs.PreuveRefusee),
)


class SansCompte(Exception):
    """Identité vérifiée qu’aucun compte ne porte : c’est une première connexion, non un échec."""

    def __init__(self, preuve: Preuve) -> None:
        super().__init__("aucun compte ne porte cette identité")
        self.preuve = preuve


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
        self._rafraichissement = ""

    def authenticate(self, request: HttpRequest | None, **kwargs: Any) -> Compte | None:
        """Pose `request.preuve`. Lève `SansCompte` ou un `EchecConnexion`."""
        try:
            return super().authenticate(request, **kwargs)
        except (psc.PscIndisponible, psc.ReponseRefusee) as refus:
            raise next(echec for cause, echec in _ECHECS if isinstance(refus, cause)) from None

    def get_token(self, payload: dict[str, str]) -> dict[str, Any]:
        jetons = psc.echanger_code(
            code=payload["code"], verifieur=payload["code_verifier"], redirection=payload["redirect_uri"]
        )
        self._rafraichissement = _texte(jetons.get("refresh_token"))
        return jetons

    def verify_token(self, token: str, **kwargs: Any) -> dict[str, Any]:
        return psc.verifier_jeton_identite(token, nonce=kwargs["nonce"])

    def store_tokens(self, access_token: str, id_token: str) -> None:
        """Rien dans la session avant `entrer` : elle peut encore être celle d’un autre compte."""

    def get_or_create_user(self, access_token: str, id_token: str, payload: dict[str, Any]) -> Compte:
        preuve = Preuve(
            identite=self._identite(access_token, payload["sub"]),
            jeton_identite=id_token,
            sub=payload["sub"],
            sid=_texte(payload.get("sid")),
            rafraichissement=self._rafraichissement,
        )
        self.request.preuve = preuve
        numero = preuve.identite.identifiant_national
        compte = Compte.objects.filter(identifiant_national=numero).first()
        if compte is None:
            raise SansCompte(preuve)
        if not compte.is_active:
            raise echecs.CompteDesactive(preuve.identite, compte)
        return compte

    def _identite(self, jeton_acces: str, sub: str) -> Identite:
        """Le jeton d’accès ne vaut que deux minutes : un second essai avec un jeton neuf."""
        try:
            return psc.lire_identite(jeton_acces, sub=sub)
        except psc.JetonExpire:
            if not self._rafraichissement:
                raise
            jetons = psc.rafraichir(self._rafraichissement)
            self._rafraichissement = _texte(jetons.get("refresh_token"))
            return psc.lire_identite(jetons["access_token"], sub=sub)

    def get_user(self, user_id: int) -> Compte | None:
        """Un compte désactivé perd aussitôt sa session."""
        return compte_actif(user_id, timezone.now())


def entrer(request: HttpRequest, compte: Compte, preuve: Preuve) -> None:
    """Ouvre la session de `compte` sur la foi de `preuve`, et le trace.

    Qui s’identifie de nouveau, dans un autre onglet, garde sa session : ses
    recherches y restent, et les formulaires déjà ouverts partent encore.
    """
    ancienne = request.session.session_key
    if request.user == compte:
        request.session.cycle_key()
    else:
        auth.login(request, compte, backend=MOTEUR)
    sessions.ouvrir(request)
    preuves.garder(request.session, preuve)
    maintenant = timezone.now()
    cle = request.session.session_key or ""
    SessionOuverte.objects.filter(cle_session__in=[ancienne, cle]).delete()
    SessionOuverte.objects.create(
        compte=compte,
        cle_session=cle,
        sid=preuve.sid[:100],
        sub=preuve.sub[:100],
        ouverte_le=maintenant,
        rafraichissement=preuve.rafraichissement,
        rafraichi_le=maintenant,
    )
    _suivre_le_nom(compte, preuve.identite)
    tracer(acteur=compte, verbe="connexion", objet=f"compte:{compte.pk}")


def _suivre_le_nom(compte: Compte, identite: Identite) -> None:
    """Le nom change (mariage, correction) : celui de Pro Santé Connect fait foi, à la casse près."""
    lus = {"prenom": identite.prenom, "nom": identite.nom}
    changes = {
        champ: lu for champ, lu in lus.items() if lu and normaliser(lu) != normaliser(getattr(compte, champ))
    }
    if changes:
        for champ, lu in changes.items():
            setattr(compte, champ, lu)
        compte.save(update_fields=list(changes))
        tracer(
            acteur=compte,
            verbe="compte.nom_mis_a_jour",
            objet=f"compte:{compte.pk}",
            champs=sorted(changes),
            source="Pro Santé Connect",
        )


def page_d_arrivee(compte: Compte) -> str:
    """Première page après la connexion (U-32) : l’accueil, ou le tableau de bord de qui n’a que des agendas à tenir."""
    if compte.roles and compte.roles <= TIENNENT_UN_AGENDA:
        return reverse("tableau:accueil")
    return reverse("accueil")


def apres_connexion(request: HttpRequest, compte: Compte, suite: str) -> str:
    """Où aller une fois entré : choisir son exercice s’il y en a plusieurs, sinon la page demandée."""
    arrivee = suite or page_d_arrivee(compte)
    plusieurs = len(preuves.exercices(request.session)) > 1
    if plusieurs and preuves.exercice_choisi(request.session) is None:
        return f"{reverse('comptes:exercice')}?{urlencode({'next': arrivee})}"
    return arrivee


def chemin_d_ici(request: HttpRequest, suite: str | None) -> str:
    """`suite` si c’est un chemin de ce site, rien sinon.

    Un chemin entier seulement : `redirect` prendrait « accueil » ou « ?x » pour un nom de route.
    """
    suite = suite or ""
    ici = url_has_allowed_host_and_scheme(suite, {request.get_host()}, require_https=request.is_secure())
    return suite if ici and suite.startswith("/") else ""


def _texte(valeur: object) -> str:
    return valeur if isinstance(valeur, str) else ""
