"""Pro Santé Connect ferme une session : la nôtre se ferme, et rien d’autre ne la ferme à sa place."""

from __future__ import annotations

import time
from unittest.mock import Mock

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import OperationalError
from django.test import Client

from comptes.connecteurs import psc as connecteur
from comptes.models import Compte, Session, SessionOuverte, Trace
from sas_platform.demo.personas import PAR_CLE, creer_comptes
from sas_platform.demo.psc_simule.fournisseur import KID
from sas_platform.demo.psc_simule.identites import sub
from tests.comptes.conftest import Parcours

pytestmark = pytest.mark.django_db

OSNP = PAR_CLE["osnp"]


@pytest.fixture
def osnp(parcours) -> Compte:
    compte = creer_comptes()["osnp"]
    parcours.complet("osnp")
    return compte


def jeton(psc, **deformations) -> str:
    (sid,) = psc.sessions or ("aucune",)
    return psc.jeton_de_deconnexion(sid, OSNP, **deformations)


def poster(jeton_recu: str | None):
    """Sans cookie : c’est un serveur qui appelle."""
    return Client(enforce_csrf_checks=True).post(
        "/oidc/deconnexion/", {} if jeton_recu is None else {"logout_token": jeton_recu}
    )


def est_connecte(client: Client) -> bool:
    return "Se déconnecter" in client.get("/mentions-legales/").content.decode()


def test_la_session_designee_se_ferme_a_la_requete_suivante(parcours, psc, osnp):
    reponse = poster(jeton(psc))

    assert reponse.status_code == 200
    assert "no-store" in reponse.headers["Cache-Control"]
    assert not est_connecte(parcours.client)
    assert not SessionOuverte.objects.exists()
    trace = Trace.objects.latest("pk")
    assert (trace.verbe, trace.objet, trace.acteur) == ("deconnexion", f"compte:{osnp.pk}", None)


def test_le_sujet_seul_ferme_toutes_ses_sessions_et_elles_seules(parcours, psc, osnp):
    autre, ioa = Parcours(Client()), Parcours(Client())
    autre.complet("osnp")
    ioa.complet("ioa")

    reponse = poster(psc.jeton_de_deconnexion("", OSNP, sid=None))

    assert reponse.status_code == 200
    assert [est_connecte(p.client) for p in (parcours, autre, ioa)] == [False, False, True]


def test_une_session_designee_ne_ferme_pas_les_autres_de_la_personne(parcours, psc, osnp):
    (sid,) = psc.sessions
    autre = Parcours(Client())
    autre.complet("osnp")

    poster(psc.jeton_de_deconnexion(sid, OSNP))

    assert [est_connecte(p.client) for p in (parcours, autre)] == [False, True]


def test_le_sid_d_un_autre_ne_ferme_rien(parcours, psc, osnp):
    assert poster(jeton(psc, sub=sub("899999999128"))).status_code == 200
    assert est_connecte(parcours.client)


def test_une_session_inconnue_n_est_pas_une_erreur(parcours, psc, osnp):
    assert poster(psc.jeton_de_deconnexion("inconnue", OSNP)).status_code == 200
    assert est_connecte(parcours.client)


def test_un_jeton_ne_se_rejoue_pas(parcours, psc, osnp):
    recu = jeton(psc)
    poster(recu)

    assert poster(recu).status_code == 400


EVENEMENTS = {connecteur.EVENEMENT_DECONNEXION: {}}


@pytest.mark.parametrize(
    "deformation",
    [
        pytest.param({"iss": "https://ailleurs.example"}, id="émetteur"),
        pytest.param({"iss": None}, id="sans émetteur"),
        pytest.param({"aud": "un-autre-client"}, id="destinataire"),
        pytest.param({"aud": None}, id="sans destinataire"),
        pytest.param({"iat": None}, id="sans date"),
        pytest.param({"iat": int(time.time()) - 3600, "exp": None}, id="ancien"),
        pytest.param({"iat": 4_000_000_000}, id="futur"),
        pytest.param({"exp": 1_700_000_000}, id="expiré"),
        pytest.param({"jti": None}, id="sans numéro"),
        pytest.param({"jti": 12}, id="numéro d’un autre type"),
        pytest.param({"events": None}, id="sans événement"),
        pytest.param({"events": {"autre": {}}}, id="autre événement"),
        pytest.param({"events": [connecteur.EVENEMENT_DECONNEXION]}, id="événements en liste"),
        pytest.param({"events": {connecteur.EVENEMENT_DECONNEXION: "oui"}}, id="événement en texte"),
        pytest.param({"nonce": "n"}, id="jeton d’identité détourné"),
        pytest.param({"sid": None, "sub": None}, id="personne"),
        pytest.param({"sid": ["x"], "sub": None}, id="session d’un autre type"),
    ],
)
def test_un_jeton_qui_ne_prouve_rien_ne_ferme_rien(parcours, psc, osnp, deformation):
    assert poster(jeton(psc, **deformation)).status_code == 400
    assert est_connecte(parcours.client)


def test_un_jeton_signe_par_un_autre_ne_ferme_rien(parcours, psc, osnp):
    (sid,) = psc.sessions
    contenu = {"iss": psc.emetteur, "aud": psc.client_id, "iat": int(time.time()), "jti": "1", "sid": sid}
    cle = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    for forge in (
        jwt.encode(contenu | {"events": EVENEMENTS}, cle, algorithm="RS256", headers={"kid": KID}),
        jwt.encode(contenu | {"events": EVENEMENTS}, None, algorithm="none", headers={"kid": KID}),
        jwt.encode(
            contenu | {"events": EVENEMENTS}, psc.client_secret * 4, algorithm="HS256", headers={"kid": KID}
        ),
    ):
        assert poster(forge).status_code == 400
    assert est_connecte(parcours.client)


def test_le_jeton_d_identite_de_la_session_ne_la_ferme_pas(parcours, psc, osnp):
    assert poster(parcours.client.session["psc"]["jeton_identite"]).status_code == 400
    assert est_connecte(parcours.client)


@pytest.mark.parametrize(
    "recu", [None, "", "x", "a.b.c", "é", "x" * 50_000, "\x00"], ids=lambda r: repr(r)[:20]
)
def test_n_importe_quoi_est_refuse(parcours, psc, osnp, recu):
    assert poster(recu).status_code == 400
    assert Session.objects.exists()


def test_seul_un_post_est_admis(client):
    assert client.get("/oidc/deconnexion/").status_code == 405


def test_pro_sante_connect_injoignable_n_est_pas_un_jeton_faux(psc, osnp, settings):
    recu = jeton(psc)
    settings.PSC_HOTES_ADMIS = []
    connecteur.oublier_decouverte()

    assert poster(recu).status_code == 503


def test_poser_un_mot_de_passe_ne_soustrait_pas_la_session_a_sa_fermeture(parcours, psc, osnp):
    """La clé de session change alors ; Pro Santé Connect doit encore atteindre la nôtre."""
    avant = parcours.client.session.session_key
    parcours.client.post("/compte/premier-mot-de-passe/", {"password1": "Tournesol-Violet-42"})
    assert parcours.client.session.session_key != avant

    poster(jeton(psc))

    assert not est_connecte(parcours.client)


def test_une_fermeture_qui_a_manque_peut_etre_redemandee(parcours, psc, osnp, monkeypatch):
    """Le jeton n’est tenu pour servi qu’une fois les sessions fermées."""
    recu = jeton(psc)
    with monkeypatch.context() as panne:
        panne.setattr("comptes.sessions.fermer", Mock(side_effect=OperationalError))
        client = Client(raise_request_exception=False)
        assert client.post("/oidc/deconnexion/", {"logout_token": recu}).status_code == 503

    assert poster(recu).status_code == 200
    assert not est_connecte(parcours.client)
