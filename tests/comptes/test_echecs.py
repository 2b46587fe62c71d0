"""Tout ce qui doit être refusé au retour de Pro Santé Connect : un écran par cas, rien d’ouvert, rien de trop tracé."""

from __future__ import annotations

import time

import pytest
import requests
import time_machine
from django.contrib.auth.models import AnonymousUser

from comptes import echecs
from comptes.connecteurs import psc as connecteur
from comptes.models import Compte, Trace
from comptes.moteur_sessions import SessionStore
from tests.comptes.conftest import creer_persona

pytestmark = pytest.mark.django_db


@pytest.fixture
def osnp() -> Compte:
    return creer_persona("osnp")


def connecte(client) -> str | None:
    return client.session.get("_auth_user_id")


def test_annuler_chez_pro_sante_connect_ramene_a_un_ecran_clair(parcours, osnp):
    reponse = parcours.complet("annuler")

    assert reponse.status_code == 403
    assert "Connexion annulée" in reponse.content.decode()
    assert Trace.objects.get().details == {"motif": "annulee"}


@pytest.mark.parametrize(
    "champs",
    [
        pytest.param({"state": "inconnu", "code": "abc"}, id="état inconnu"),
        pytest.param({"code": "abc"}, id="sans état"),
        pytest.param({}, id="rien"),
        pytest.param({"state": "inconnu", "error": "access_denied"}, id="erreur jamais demandée"),
    ],
)
def test_un_retour_que_rien_n_a_demande_est_refuse_sans_rien_ecrire(parcours, osnp, champs):
    reponse = parcours.revenir(champs)

    assert reponse.status_code == 400
    assert "expiré" in reponse.content.decode()
    assert not Trace.objects.exists()


def test_des_etats_inventes_apres_une_vraie_demande_ne_remplissent_pas_la_trace(parcours, osnp):
    parcours.partir()

    reponses = [parcours.revenir({"state": f"invente-{n}", "code": "abc"}) for n in range(3)]

    assert {reponse.status_code for reponse in reponses} == {400}
    assert not Trace.objects.exists()


@pytest.mark.parametrize(
    ("retard_s", "change"),
    [
        pytest.param(601, {}, id="trop tard"),
        pytest.param(0, {"code": None}, id="sans code"),
        pytest.param(0, {"error": "server_error"}, id="erreur et code"),
    ],
)
def test_un_retour_refuse_puis_rejoue_ne_s_ecrit_qu_une_fois(parcours, osnp, retard_s, change):
    with time_machine.travel("2026-03-17T08:00Z", tick=False) as horloge:
        champs = parcours.choisir(parcours.partir()) | change
        horloge.shift(retard_s)

        for _ in range(3):
            parcours.revenir({champ: valeur for champ, valeur in champs.items() if valeur})

    assert Trace.objects.count() == 1


def test_l_etat_ne_vaut_que_dix_minutes(parcours, osnp, settings):
    with time_machine.travel("2026-03-17T08:00Z", tick=False) as horloge:
        champs = parcours.choisir(parcours.partir())
        horloge.shift(settings.PSC_DUREE_ETAT_S + 1)

        reponse = parcours.revenir(champs)

    assert reponse.status_code == 400
    assert connecte(parcours.client) is None


def test_un_retour_ne_se_rejoue_pas(parcours, osnp):
    champs = parcours.choisir(parcours.partir())
    parcours.revenir(champs)
    parcours.client.post("/deconnexion/")

    reponse = parcours.revenir(champs)

    assert reponse.status_code == 400
    assert connecte(parcours.client) is None


def test_un_code_deja_servi_est_refuse(parcours, psc, osnp, monkeypatch):
    champs = parcours.choisir(parcours.partir())
    psc._codes.clear()

    reponse = parcours.revenir(champs)

    assert reponse.status_code == 403
    assert "a déjà servi" in reponse.content.decode()
    assert connecte(parcours.client) is None


def test_un_verifieur_pkce_different_est_refuse(parcours, osnp):
    champs = parcours.choisir(parcours.partir())
    session = parcours.client.session
    session["oidc_states"][champs["state"]]["code_verifier"] = "x" * 64
    session.save()

    assert parcours.revenir(champs).status_code == 403
    assert connecte(parcours.client) is None


@pytest.mark.parametrize(
    ("deformation", "motif"),
    [
        pytest.param({"iss": "https://ailleurs.example"}, "refusee", id="émetteur"),
        pytest.param({"aud": "un-autre-client"}, "refusee", id="destinataire"),
        pytest.param({"aud": ["plateforme-sas", "autre"], "azp": None}, "refusee", id="azp absent"),
        pytest.param({"azp": "un-autre-client"}, "refusee", id="azp d’un autre"),
        pytest.param({"nonce": "un-autre-nonce"}, "refusee", id="nonce"),
        pytest.param({"exp": 1_700_000_000}, "horloge", id="expiré"),
        pytest.param({"iat": 4_000_000_000}, "horloge", id="émis dans le futur"),
        pytest.param({"sub": "f:autre:personne"}, "refusee", id="identité d’une autre personne"),
        pytest.param({"acr": "eidas0"}, "niveau", id="niveau inconnu"),
        pytest.param({"acr": None}, "niveau", id="niveau absent"),
    ],
)
def test_un_jeton_d_identite_deforme_est_refuse(parcours, psc, osnp, deformation, motif):
    psc.deformations = deformation

    reponse = parcours.complet("osnp")

    assert reponse.status_code == 403
    assert connecte(parcours.client) is None
    assert Trace.objects.get().details == {"motif": motif}


def test_un_jeton_signe_par_une_autre_cle_est_refuse(parcours, psc, osnp):
    cles = psc.cles()
    psc.__post_init__()  # nouvelles clés, mais les anciennes restent publiées
    psc.cles = lambda: cles

    assert parcours.complet("osnp").status_code == 403
    assert connecte(parcours.client) is None


def test_une_identite_toujours_refusee_n_ouvre_rien(parcours, psc, osnp):
    psc.identite = lambda jeton: None

    assert parcours.complet("osnp").status_code == 403
    assert connecte(parcours.client) is None


def test_une_identite_sans_numero_national_n_ouvre_rien(parcours, psc, osnp):
    vraie = psc.identite
    psc.identite = lambda jeton: vraie(jeton) | {"SubjectNameID": ""}

    assert parcours.complet("osnp").status_code == 403


def test_pro_sante_connect_arrete_avant_le_depart(client, settings):
    settings.PSC_DECOUVERTE_URL = "http://127.0.0.1:9/decouverte"
    settings.PSC_HOTES_ADMIS = ["127.0.0.1:9"]
    connecteur.oublier_decouverte()

    reponse = client.get("/oidc/depart/")

    assert reponse.status_code == 503
    assert "Pro Santé Connect ne répond pas" in reponse.content.decode()
    assert Trace.objects.get().details == {"motif": "indisponible"}


def test_pro_sante_connect_trop_lent_au_retour(parcours, osnp, monkeypatch):
    champs = parcours.choisir(parcours.partir())

    def trop_lent(*args, **kwargs):
        raise requests.ReadTimeout("délai dépassé")

    monkeypatch.setattr(requests, "request", trop_lent)
    reponse = parcours.revenir(champs)

    assert reponse.status_code == 503
    assert connecte(parcours.client) is None


def test_une_decouverte_qui_sort_de_la_liste_d_hotes_est_refusee(parcours, psc, osnp):
    vraie = psc.decouverte
    psc.decouverte = lambda: vraie() | {"token_endpoint": "http://127.0.0.1:1/vol-de-code"}

    assert parcours.client.get("/oidc/depart/").status_code == 503


def test_la_decouverte_en_clair_est_refusee_en_production(psc, settings):
    settings.EST_EN_LIGNE = True

    with pytest.raises(connecteur.PscIndisponible):
        connecteur.metadonnees()


def test_une_reponse_sans_fin_est_coupee(parcours, psc):
    vraie = psc.decouverte
    psc.decouverte = lambda: vraie() | {"bourrage": "x" * connecteur.TAILLE_MAX}

    assert parcours.client.get("/oidc/depart/").status_code == 503


@pytest.mark.parametrize(
    ("erreur", "description", "motif"),
    [
        pytest.param("access_denied", "", "annulee", id="annulée"),
        pytest.param(
            "temporarily_unavailable", "authentication_expired", "interrompue", id="e-CPS sans réponse"
        ),
        pytest.param(
            "access_denied", "authentication_expired", "interrompue", id="délai dans la description"
        ),
        pytest.param("login_required", "", "interrompue", id="carte retirée"),
        pytest.param("unmet_authentication_requirements", "", "niveau", id="niveau"),
        pytest.param("server_error", "", "signalee", id="panne"),
        pytest.param("<script>", "<b>", "signalee", id="erreur inventée"),
    ],
)
def test_une_erreur_annoncee_a_son_ecran(parcours, osnp, erreur, description, motif):
    etat = parcours.choisir(parcours.partir())["state"]

    reponse = parcours.revenir({"state": etat, "error": erreur, "error_description": description})

    assert reponse.status_code == 403
    assert "<b>" not in reponse.content.decode()
    assert Trace.objects.get().details == {"motif": motif}


def test_chaque_echec_a_un_ecran_qui_n_est_a_aucun_autre(rf, osnp):
    ecrans = {}
    for echec in echecs.EchecConnexion.__subclasses__():
        requete = rf.get("/")
        requete.user, requete.session = AnonymousUser(), SessionStore()
        page = echecs.montrer(requete, echec(sans_demande=True)).content.decode()
        propos = page.partition("</h1>")[2].partition("fr-connect-group")[0]
        assert echec.titre in page
        assert "<p>" in propos, echec
        ecrans[echec] = propos

    assert len(set(ecrans.values())) == len(ecrans)


def test_deux_minutes_de_decalage_d_horloge_se_disent_une_minute_se_tolere(horloge, parcours, psc, osnp):
    instant = int(time.time())
    psc.deformations = {"exp": instant - 50}
    assert parcours.complet("osnp").status_code == 302

    psc.deformations = {"exp": instant - 130}
    reponse = parcours.complet("osnp")

    assert reponse.status_code == 403
    assert "ne concorde pas" in reponse.content.decode()


def test_un_niveau_plus_haut_n_est_admis_que_si_un_reglage_le_dit(parcours, psc, osnp, settings):
    psc.deformations = {"acr": "eidas3"}
    assert parcours.complet("osnp").status_code == 403

    settings.PSC_ACR_ADMIS = ["eidas1", "eidas2", "eidas3"]

    assert parcours.complet("osnp").status_code == 302


@pytest.mark.parametrize("jeton", ["", "x", "a.b.c", "é.é.é", 12, None], ids=repr)
def test_un_jeton_d_identite_illisible_est_refuse(parcours, psc, osnp, jeton):
    vrai = psc._jetons
    psc._jetons = lambda acces: vrai(acces) | {"id_token": jeton}

    assert parcours.complet("osnp").status_code == 403
    assert connecte(parcours.client) is None


@pytest.mark.parametrize("code", ["", "x", "é", "x" * 5000, "\r\nX: y"], ids=lambda code: repr(code)[:12])
def test_un_code_invente_est_refuse(parcours, osnp, code):
    etat = parcours.choisir(parcours.partir())["state"]

    assert parcours.revenir({"state": etat, "code": code}).status_code == 403
    assert connecte(parcours.client) is None


@pytest.mark.parametrize("etat", ["", "x", "é", "x" * 5000, "__proto__"], ids=lambda etat: repr(etat)[:12])
def test_un_etat_invente_est_refuse(parcours, osnp, etat):
    parcours.partir()

    assert parcours.revenir({"state": etat, "code": "x"}).status_code == 400


def test_un_client_mal_regle_est_une_panne_et_non_la_faute_de_la_personne(parcours, osnp, settings):
    settings.PSC_CLIENT_SECRET = "un-autre-secret"

    assert parcours.complet("osnp").status_code == 503
