"""Le fournisseur d’identité servi en WSGI."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
from collections.abc import Iterable
from html import escape
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlencode

import requests

from sas_platform.demo.personas import PERSONAS
from sas_platform.demo.psc_simule.fournisseur import (
    PROTOCOLE,
    ROYAUME,
    DemandeInvalide,
    ErreurOAuth,
    Fournisseur,
)

CORPS_MAX = 20_000
# Où le serveur met le nom (CN) du certificat client vérifié.
CERTIFICAT = "SSL_CLIENT_S_DN_CN"
ERREURS = {
    "temporarily_unavailable": "Carte retirée, ou e-CPS sans réponse",
    "server_error": "Panne de Pro Santé Connect",
    "unmet_authentication_requirements": "Niveau d’identification insuffisant",
}
Reponse = tuple[int, dict[str, str], bytes]

STYLE = """
body{font:1rem/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem;color:#161616;background:#fff}
.avis{border-left:.25rem solid #b34000;padding:.5rem 1rem;background:#fff4f3}
ul{list-style:none;padding:0}li{margin:.75rem 0}
button{font:inherit;text-align:left;width:100%;padding:.75rem 1rem;border:1px solid #000091;background:#fff;
color:#000091;cursor:pointer}
button:hover{background:#f5f5fe}button:focus-visible{outline:3px solid #0a76f6;outline-offset:2px}
button span{display:block;color:#3a3a3a;font-size:.875rem}
"""


class Application:
    def __init__(self, fournisseur: Fournisseur) -> None:
        self.fournisseur = fournisseur

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        etat, entetes, corps = self._aiguiller(environ)
        communs = {"Cache-Control": "no-store", "Content-Length": str(len(corps))}
        start_response(f"{etat} {HTTPStatus(etat).phrase}", list((communs | entetes).items()))
        return [corps]

    def _aiguiller(self, environ: dict[str, Any]) -> Reponse:
        methode, chemin = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        requete = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        match methode, chemin.removeprefix(PROTOCOLE):
            case "GET", "/auth":
                return self._demander(requete)
            case "POST", "/auth":
                return self._choisir(requete, _formulaire(environ))
            case "POST", "/token":
                return self._jetons(_formulaire(environ), environ)
            case (("GET" | "POST"), "/userinfo"):
                return self._identite(environ.get("HTTP_AUTHORIZATION", ""))
            case "GET", "/certs":
                return _json(200, self.fournisseur.cles())
            case "GET", "/logout":
                return self._fermer(requete)
            case "GET", "/":
                return _page(200, "Sessions ouvertes", self._sessions())
            case "POST", "/sessions":
                return self._fermer_d_ici(_formulaire(environ).get("session", ""))
        noms = ("wallet-openid-configuration", "openid-configuration")
        if methode == "GET" and chemin in {f"{ROYAUME}/.well-known/{nom}" for nom in noms}:
            return _json(200, self.fournisseur.decouverte())
        return _page(404, "Page introuvable", "<p>Rien à cette adresse.</p>")

    def _demander(self, requete: dict[str, str]) -> Reponse:
        try:
            self.fournisseur.lire_demande(requete)
        except DemandeInvalide as refus:
            return _page(400, "Demande refusée", f"<p>{escape(str(refus))}</p>")
        except ErreurOAuth as erreur:
            return _retour(requete, error=erreur.code, error_description=str(erreur))
        return _page(200, "S’identifier avec Pro Santé Connect", _choix(requete))

    def _choisir(self, requete: dict[str, str], champs: dict[str, str]) -> Reponse:
        try:
            demande = self.fournisseur.lire_demande(requete)
            if "annuler" in champs:
                return _retour(requete, error="access_denied")
            if champs.get("erreur") in ERREURS:
                return _retour(requete, error=champs["erreur"])
            return _retour(requete, code=self.fournisseur.autoriser(demande, champs.get("persona", "")))
        except DemandeInvalide as refus:
            return _page(400, "Demande refusée", f"<p>{escape(str(refus))}</p>")
        except ErreurOAuth as erreur:
            return _retour(requete, error=erreur.code, error_description=str(erreur))

    def _jetons(self, champs: dict[str, str], environ: dict[str, Any]) -> Reponse:
        try:
            certificat = environ.get(CERTIFICAT, "")
            return _json(200, self.fournisseur.echanger(champs, _client(champs, environ), certificat))
        except ErreurOAuth as erreur:
            etat = 401 if erreur.code == "invalid_client" else 400
            return _json(etat, {"error": erreur.code, "error_description": str(erreur)})

    def _identite(self, autorisation: str) -> Reponse:
        genre, _, jeton = autorisation.partition(" ")
        champs = self.fournisseur.identite(jeton) if genre.lower() == "bearer" else None
        if champs is None:
            entetes = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            etat, communs, corps = _json(401, {"error": "invalid_token"})
            return etat, communs | entetes, corps
        return _json(200, champs)

    def _sessions(self) -> str:
        """De quoi fermer une session d’ici, comme Pro Santé Connect le ferait, et voir la plateforme suivre."""
        lignes = "".join(
            f'<li><button name="session" value="{sid}" data-session="{p.cle}">Fermer la session de '
            f"{escape(p.prenom)} {escape(p.nom)}</button></li>"
            for sid, p in self.fournisseur.sessions.items()
        )
        return f'<form method="post" action="/sessions"><ul>{lignes or "<li>Aucune.</li>"}</ul></form>'

    def _fermer_d_ici(self, session: str) -> Reponse:
        persona = self.fournisseur.sessions.get(session)
        if persona is not None:
            jeton = self.fournisseur.jeton_de_deconnexion(session, persona)
            self.fournisseur.revoquer(session)
            self._prevenir(jeton)
        return 303, {"Location": "/"}, b""

    def _prevenir(self, jeton: str) -> None:
        """Un client qui ne répond pas n’empêche pas la session de se fermer."""
        if self.fournisseur.deconnexion:
            with contextlib.suppress(requests.RequestException):
                requests.post(self.fournisseur.deconnexion, data={"logout_token": jeton}, timeout=5)

    def _fermer(self, requete: dict[str, str]) -> Reponse:
        retour = self.fournisseur.fermer(
            requete.get("id_token_hint", ""), requete.get("post_logout_redirect_uri", "")
        )
        if retour is None:
            return _page(400, "Déconnexion refusée", "<p>Session ou adresse de retour inconnue.</p>")
        etat = urlencode({"state": requete["state"]}) if "state" in requete else ""
        return 302, {"Location": f"{retour}?{etat}" if etat else retour}, b""


def _choix(requete: dict[str, str]) -> str:
    boutons = "".join(
        f'<li><button name="persona" value="{p.cle}" data-persona="{p.cle}">{escape(p.prenom)} {escape(p.nom)}'
        f"<span>{escape(', '.join(role.label for role in p.roles) or 'Sans compte')} : {escape(p.peut)}.</span>"
        "</button></li>"
        for p in PERSONAS
    )
    erreurs = "".join(
        f'<li><button name="erreur" value="{code}" data-erreur="{code}">{libelle}</button></li>'
        for code, libelle in ERREURS.items()
    )
    return (
        '<p class="avis">Service simulé pour la démonstration : aucune de ces personnes n’existe.</p>'
        f'<form method="post" action="?{escape(urlencode(requete))}"><ul>{boutons}</ul>'
        '<p><button name="annuler" value="1" data-annuler>Annuler</button></p>'
        f"<details><summary>Simuler une erreur</summary><ul>{erreurs}</ul></details></form>"
    )


def _page(etat: int, titre: str, contenu: str) -> Reponse:
    html = (
        f'<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>{titre} (simulé)</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><style>{STYLE}</style></head>'
        f"<body><main><h1>{titre}</h1>{contenu}</main></body></html>"
    )
    return etat, {"Content-Type": "text/html; charset=utf-8"}, html.encode()


def _json(etat: int, document: dict[str, Any]) -> Reponse:
    return etat, {"Content-Type": "application/json"}, json.dumps(document, ensure_ascii=False).encode()


def _retour(requete: dict[str, str], **champs: str) -> Reponse:
    """Renvoie à l’adresse de retour, déjà vérifiée par `lire_demande`."""
    etat = {"state": requete["state"]} if requete.get("state") else {}
    return 302, {"Location": f"{requete['redirect_uri']}?{urlencode(champs | etat)}"}, b""


def _formulaire(environ: dict[str, Any]) -> dict[str, str]:
    taille = environ.get("CONTENT_LENGTH") or "0"
    if not taille.isdigit() or int(taille) > CORPS_MAX:
        return {}
    corps = environ["wsgi.input"].read(int(taille)).decode("utf-8", errors="replace")
    return dict(parse_qsl(corps, keep_blank_values=True))


def _client(champs: dict[str, str], environ: dict[str, Any]) -> tuple[str, str]:
    """Identifiants du client : en-tête Basic, sinon champs du formulaire."""
    genre, _, valeur = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if genre.lower() != "basic":
        return champs.get("client_id", ""), champs.get("client_secret", "")
    try:
        identifiant, _, secret = base64.b64decode(valeur, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return identifiant, secret
