"""Le fournisseur simulé refuse ce que Pro Santé Connect refuse, sinon nos tests ne prouveraient rien."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest
import requests

from comptes.models import Compte, Habilitation
from sas_platform.demo.personas import PAR_CLE, PERSONAS, creer_comptes
from sas_platform.demo.psc_simule.application import Application
from sas_platform.demo.psc_simule.fournisseur import PROTOCOLE, ROYAUME, Fournisseur

RETOUR = "http://127.0.0.1:8000/oidc/callback/"
VERIFIEUR = "v" * 64
DEFI = base64.urlsafe_b64encode(hashlib.sha256(VERIFIEUR.encode()).digest()).rstrip(b"=").decode()
DEMANDE = {
    "response_type": "code",
    "client_id": "sas",
    "redirect_uri": RETOUR,
    "scope": "openid scope_all",
    "acr_values": "eidas1",
    "state": "etat",
    "nonce": "nonce",
    "code_challenge": DEFI,
    "code_challenge_method": "S256",
}
CLIENT = {"client_id": "sas", "client_secret": "secret"}


class Horloge:
    def __init__(self) -> None:
        self.instant = 1_800_000_000.0

    def __call__(self) -> float:
        return self.instant


class Navigateur:
    """Appelle l’application WSGI sans réseau."""

    def __init__(self) -> None:
        self.horloge = Horloge()
        self.fournisseur = Fournisseur(
            base="http://psc",
            client_id="sas",
            client_secret="secret",
            redirections=[RETOUR],
            horloge=self.horloge,
        )
        self.application = Application(self.fournisseur)

    def appeler(
        self,
        methode: str,
        chemin: str,
        requete: dict | None = None,
        corps: dict | None = None,
        **entetes: str,
    ) -> tuple[int, dict[str, str], str]:
        octets = urlencode(corps or {}).encode()
        recu: dict[str, Any] = {}

        def commencer(etat: str, entetes: list[tuple[str, str]]) -> None:
            recu.update(etat=int(etat[:3]), entetes=dict(entetes))

        environ = {
            "REQUEST_METHOD": methode,
            "PATH_INFO": chemin,
            "QUERY_STRING": urlencode(requete or {}),
            "CONTENT_LENGTH": str(len(octets)),
            "wsgi.input": io.BytesIO(octets),
        }
        contenu = b"".join(self.application(environ | entetes, commencer))
        return recu["etat"], recu["entetes"], contenu.decode()

    def code(self, persona: str = "osnp", **changes: str) -> dict[str, str]:
        champs = {"annuler": "1"} if persona == "annuler" else {"persona": persona}
        etat, entetes, _ = self.appeler("POST", f"{PROTOCOLE}/auth", DEMANDE | changes, champs)
        assert etat == 302
        return dict(parse_qsl(urlsplit(entetes["Location"]).query))

    def jetons(self, code: str, **changes: str) -> tuple[int, dict[str, Any]]:
        champs = {"grant_type": "authorization_code", "code": code, "redirect_uri": RETOUR}
        corps = champs | {"code_verifier": VERIFIEUR} | CLIENT | changes
        etat, _, contenu = self.appeler("POST", f"{PROTOCOLE}/token", corps=corps)
        return etat, json.loads(contenu)


@pytest.fixture
def psc() -> Navigateur:
    return Navigateur()


def test_la_page_propose_chaque_persona_et_d_annuler(psc):
    etat, _, page = psc.appeler("GET", f"{PROTOCOLE}/auth", DEMANDE)

    assert etat == 200
    for persona in PERSONAS:
        assert f'data-persona="{persona.cle}"' in page
    assert "data-annuler" in page
    assert '<html lang="fr">' in page


def test_les_cles_des_personas_sont_celles_annoncees():
    assert list(PAR_CLE) == [
        "osnp",
        "regulateur",
        "ioa",
        "effecteur",
        "effecteur-interface",
        "effecteur-nouveau",
        "delegataire",
        "gestionnaire-structure",
        "gestionnaire-comptes",
        "referent",
        "cpam",
        "cpam-validation",
        "administrateur",
        "administrateur-relecture",
        "support",
        "pilotage",
        "compte-connu",
        "sans-habilitation",
    ]
    assert len({persona.identifiant_national for persona in PERSONAS}) == len(PERSONAS)


def test_la_decouverte_a_le_nom_de_fichier_de_pro_sante_connect(psc):
    etat, _, contenu = psc.appeler("GET", f"{ROYAUME}/.well-known/wallet-openid-configuration")

    assert etat == 200
    assert json.loads(contenu)["token_endpoint"] == f"http://psc{PROTOCOLE}/token"


@pytest.mark.parametrize("champ", ["client_id", "redirect_uri"])
def test_un_client_ou_un_retour_inconnu_n_est_jamais_renvoye(psc, champ):
    for methode in ("GET", "POST"):
        etat, entetes, _ = psc.appeler(methode, f"{PROTOCOLE}/auth", DEMANDE | {champ: "http://ailleurs/"})
        assert etat == 400
        assert "Location" not in entetes


def test_le_retour_doit_etre_exactement_celui_declare(psc):
    assert psc.appeler("GET", f"{PROTOCOLE}/auth", DEMANDE | {"redirect_uri": f"{RETOUR}?x=1"})[0] == 400


@pytest.mark.parametrize(
    ("champ", "valeur"),
    [
        ("acr_values", ""),
        ("acr_values", "eidas9"),
        ("code_challenge", ""),
        ("code_challenge_method", "plain"),
        ("nonce", ""),
        ("state", ""),
        ("scope", "openid"),
        ("response_type", "token"),
    ],
)
def test_une_demande_incomplete_est_renvoyee_en_erreur(psc, champ, valeur):
    assert psc.code(**{champ: valeur})["error"] == "invalid_request"


def test_annuler_rend_access_denied_et_l_etat(psc):
    assert psc.code("annuler") == {"error": "access_denied", "state": "etat"}


def test_le_jeton_d_identite_est_signe_date_et_porte_le_nonce(psc):
    _, jetons = psc.jetons(psc.code()["code"])
    (cle,) = psc.fournisseur.cles()["keys"]

    entete = jwt.get_unverified_header(jetons["id_token"])
    contenu = jwt.decode(
        jetons["id_token"],
        jwt.PyJWK(cle),
        algorithms=["RS256"],
        audience="sas",
        options={"verify_exp": False, "verify_iat": False},
    )

    assert entete["kid"] == cle["kid"]
    assert (contenu["nonce"], contenu["acr"], contenu["iss"]) == ("nonce", "eidas1", f"http://psc{ROYAUME}")
    assert contenu["exp"] - contenu["iat"] == 120


@pytest.mark.parametrize(
    ("changes", "erreur"),
    [
        pytest.param({"code_verifier": "w" * 64}, "invalid_grant", id="autre vérifieur"),
        pytest.param({"code_verifier": ""}, "invalid_grant", id="sans vérifieur"),
        pytest.param({"redirect_uri": "http://ailleurs/"}, "invalid_grant", id="autre retour"),
        pytest.param({"client_secret": "autre"}, "invalid_client", id="autre secret"),
        pytest.param({"code": "inconnu"}, "invalid_grant", id="code inconnu"),
        pytest.param({"grant_type": "password"}, "unsupported_grant_type", id="autre échange"),
    ],
)
def test_un_echange_douteux_est_refuse(psc, changes, erreur):
    etat, reponse = psc.jetons(**({"code": psc.code()["code"]} | changes))

    assert etat in (400, 401)
    assert reponse["error"] == erreur


def test_un_code_ne_sert_qu_une_fois_et_une_minute(psc):
    code = psc.code()["code"]
    assert psc.jetons(code)[0] == 200
    assert psc.jetons(code)[0] == 400

    tardif = psc.code()["code"]
    psc.horloge.instant += 60

    assert psc.jetons(tardif)[0] == 400


def test_un_jeton_de_rafraichissement_tourne_et_ne_se_rejoue_pas(psc):
    _, premiers = psc.jetons(psc.code()["code"])
    demande = {"grant_type": "refresh_token", "refresh_token": premiers["refresh_token"]}

    etat, seconds = psc.jetons("", **demande)

    assert etat == 200
    assert seconds["refresh_token"] != premiers["refresh_token"]
    assert psc.jetons("", **demande)[0] == 400


def identite(psc: Navigateur, jeton: str) -> tuple[int, dict[str, Any]]:
    etat, _, contenu = psc.appeler("GET", f"{PROTOCOLE}/userinfo", HTTP_AUTHORIZATION=f"Bearer {jeton}")
    return etat, json.loads(contenu)


def test_l_identite_a_la_forme_de_pro_sante_connect(psc):
    _, jetons = psc.jetons(psc.code("effecteur")["code"])

    etat, champs = identite(psc, jetons["access_token"])

    assert etat == 200
    numero = PAR_CLE["effecteur"].identifiant_national
    assert champs["SubjectNameID"] == champs["preferred_username"] == numero
    assert champs["sub"] != numero
    assert "email" not in champs
    assert champs["otherIds"][0]["origine"] == "RPPS"
    assert champs["SubjectRefPro"]["exercices"][0]["codeProfession"] == "10"


def test_une_personne_hors_des_soins_n_a_pas_d_exercice(psc):
    _, jetons = psc.jetons(psc.code("cpam")["code"])

    assert "SubjectRefPro" not in identite(psc, jetons["access_token"])[1]


def test_le_jeton_d_acces_ne_vaut_que_deux_minutes(psc):
    _, jetons = psc.jetons(psc.code()["code"])
    psc.horloge.instant += 120

    assert identite(psc, jetons["access_token"])[0] == 401


def test_la_deconnexion_revoque_et_ne_renvoie_qu_a_un_client_connu(psc):
    _, jetons = psc.jetons(psc.code()["code"])
    sortie = {"id_token_hint": jetons["id_token"], "post_logout_redirect_uri": "http://ailleurs/"}

    assert psc.appeler("GET", f"{PROTOCOLE}/logout", sortie)[0] == 400
    assert identite(psc, jetons["access_token"])[0] == 401

    connue = sortie | {"post_logout_redirect_uri": "http://127.0.0.1:8000/connexion/", "state": "s"}
    _, entetes, _ = psc.appeler("GET", f"{PROTOCOLE}/logout", connue)
    assert entetes["Location"] == "http://127.0.0.1:8000/connexion/?state=s"


def test_l_effecteur_a_plusieurs_exercices_dont_un_liste_deux_fois_et_un_sans_activite(psc):
    _, jetons = psc.jetons(psc.code("effecteur")["code"])

    _, champs = identite(psc, jetons["access_token"])

    exercices = champs["SubjectRefPro"]["exercices"]
    assert [exercice["codeSavoirFaire"] for exercice in exercices] == ["SM54", "SM54", "SM26"]
    assert "activities" not in exercices[2]
    assert [autre["origine"] for autre in champs["otherIds"]] == ["RPPS", "ADELI"]


def test_le_certificat_se_juge_a_son_nom_et_le_secret_ne_sert_plus(psc):
    psc.fournisseur.par_certificat = True
    code = psc.code()["code"]
    assert psc.jetons(code)[1]["error"] == "invalid_client"

    corps = {"grant_type": "authorization_code", "code": code, "redirect_uri": RETOUR}
    corps |= {"code_verifier": VERIFIEUR, "client_id": "sas"}
    refus, _, _ = psc.appeler("POST", f"{PROTOCOLE}/token", corps=corps, SSL_CLIENT_S_DN_CN="un-autre")
    etat, _, _ = psc.appeler("POST", f"{PROTOCOLE}/token", corps=corps, SSL_CLIENT_S_DN_CN="sas")

    assert (refus, etat) == (401, 200)


@pytest.mark.parametrize("erreur", ["temporarily_unavailable", "server_error"])
def test_une_erreur_se_simule_de_la_page(psc, erreur):
    assert f'data-erreur="{erreur}"' in psc.appeler("GET", f"{PROTOCOLE}/auth", DEMANDE)[2]

    _, entetes, _ = psc.appeler("POST", f"{PROTOCOLE}/auth", DEMANDE, {"erreur": erreur})

    assert f"error={erreur}" in entetes["Location"]


def test_une_session_se_ferme_d_ici_et_le_client_en_est_prevenu(psc, monkeypatch):
    envois = []
    monkeypatch.setattr(requests, "post", lambda url, **options: envois.append((url, options["data"])))
    psc.fournisseur.deconnexion = "http://127.0.0.1:8000/oidc/deconnexion/"
    _, jetons = psc.jetons(psc.code()["code"])
    (session,) = psc.fournisseur.sessions
    assert f'value="{session}"' in psc.appeler("GET", "/")[2]

    etat, _, _ = psc.appeler("POST", "/sessions", corps={"session": session})

    ((adresse, corps),) = envois
    contenu = jwt.decode(corps["logout_token"], options={"verify_signature": False})
    assert (etat, adresse) == (303, psc.fournisseur.deconnexion)
    assert contenu["sid"] == session
    assert "nonce" not in contenu
    assert identite(psc, jetons["access_token"])[0] == 401
    assert psc.fournisseur.sessions == {}


def test_un_client_qui_ne_repond_pas_n_empeche_pas_de_fermer(psc):
    psc.fournisseur.deconnexion = "http://127.0.0.1:9/"
    psc.jetons(psc.code()["code"])
    (session,) = psc.fournisseur.sessions

    assert psc.appeler("POST", "/sessions", corps={"session": session})[0] == 303
    assert psc.appeler("POST", "/sessions", corps={"session": "inconnue"})[0] == 303
    assert psc.fournisseur.sessions == {}


@pytest.mark.parametrize("environnement", ["production", "preproduction"])
def test_le_service_simule_refuse_de_demarrer_en_ligne(environnement):
    resultat = subprocess.run(
        [sys.executable, "-m", "sas_platform.demo.psc_simule", "--port", "0", "--redirection", RETOUR],
        env={"PATH": os.environ["PATH"], "ENVIRONNEMENT": environnement},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert resultat.returncode == 2
    assert "refusé" in resultat.stderr


@pytest.mark.django_db
def test_les_comptes_de_demonstration_se_recreent_sans_doublon():
    creer_comptes()
    Compte.objects.filter(email="osnp@exemple.invalid").update(is_active=False)

    comptes = creer_comptes({"effecteur": "899900000001"})

    assert Compte.objects.count() == Habilitation.objects.count() == sum(1 for p in PERSONAS if p.roles)
    assert comptes["osnp"].is_active
    assert Compte.objects.get(email="effecteur@exemple.invalid").identifiant_national == "899900000001"
