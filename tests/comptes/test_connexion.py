"""Entrer par Pro Santé Connect : le chemin heureux, et tout ce qui doit être refusé."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import time_machine
from django.urls import reverse

from comptes.connecteurs import psc as connecteur
from comptes.enums import Role
from comptes.models import Compte, Trace
from sas_platform.demo.personas import PAR_CLE, creer_comptes
from tests.comptes.factories import CompteFactory, HabilitationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def osnp() -> Compte:
    return creer_comptes()["osnp"]


def connecte(client) -> str | None:
    return client.session.get("_auth_user_id")


def test_une_persona_habilitee_se_connecte_et_retrouve_la_page_demandee(parcours, osnp):
    reponse = parcours.complet("osnp", suite="/mentions-legales/?page=2")

    assert reponse.status_code == 302
    assert reponse.headers["Location"] == "/mentions-legales/?page=2"
    assert connecte(parcours.client) == str(osnp.pk)
    trace = Trace.objects.get()
    assert (trace.verbe, trace.acteur, trace.objet) == ("connexion", osnp, f"compte:{osnp.pk}")


def test_la_demande_porte_les_parametres_de_pro_sante_connect(parcours):
    demande = dict(parse_qsl(urlsplit(parcours.partir()).query))

    assert demande["scope"] == "openid scope_all"
    assert demande["acr_values"] == "eidas1"
    assert demande["code_challenge_method"] == "S256"
    assert demande["redirect_uri"] == "http://testserver/oidc/callback/"
    assert len(demande["state"]) >= 32
    assert len(demande["nonce"]) >= 32


def test_une_page_suivante_d_un_autre_site_est_oubliee(parcours, osnp):
    reponse = parcours.complet("osnp", suite="https://ailleurs.example/")

    assert reponse.headers["Location"] == "/"


def test_le_compte_est_retrouve_par_l_identifiant_national_et_non_par_l_adresse(parcours):
    numero = PAR_CLE["osnp"].identifiant_national
    CompteFactory(email="osnp@exemple.invalid")
    attendu = CompteFactory(email="autre@exemple.invalid", identifiant_national=numero)

    parcours.complet("osnp")

    assert connecte(parcours.client) == str(attendu.pk)


def test_une_personne_sans_compte_va_confirmer_son_adresse_sans_etre_connectee(parcours, osnp):
    reponse = parcours.complet("effecteur-nouveau")

    assert reponse.headers["Location"] == reverse("premiere_connexion:saisie")
    assert connecte(parcours.client) is None
    assert not Compte.objects.filter(nom="Vasseur").exists()
    assert not Trace.objects.exists()


def test_une_identite_inconnue_ne_reste_pas_sous_le_nom_de_qui_etait_connecte(parcours, osnp):
    parcours.complet("osnp")

    parcours.complet("effecteur-nouveau")

    assert connecte(parcours.client) is None
    assert Trace.objects.latest("pk").details == {"motif": "autre identité sur ce poste"}


def test_un_compte_desactive_n_entre_pas(parcours, osnp):
    Compte.objects.filter(pk=osnp.pk).update(is_active=False)

    reponse = parcours.complet("osnp")

    assert reponse.status_code == 403
    assert "désactivé" in reponse.content.decode()
    assert connecte(parcours.client) is None
    assert Trace.objects.get().acteur == osnp


def test_desactiver_un_compte_ferme_sa_session_a_la_requete_suivante(parcours, osnp):
    parcours.complet("osnp")
    Compte.objects.filter(pk=osnp.pk).update(is_active=False)

    page = parcours.client.get("/").content.decode()

    assert "Se déconnecter" not in page


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


def test_une_identite_refusee_une_fois_est_relue_avec_un_jeton_neuf(parcours, psc, osnp):
    essais = []
    vraie = psc.identite
    psc.identite = lambda jeton: essais.append(jeton) or (vraie(jeton) if len(essais) > 1 else None)

    parcours.complet("osnp")

    assert len(set(essais)) == 2
    assert connecte(parcours.client) == str(osnp.pk)


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


def test_se_connecter_sous_un_autre_nom_remplace_la_session(parcours, osnp):
    parcours.complet("osnp")
    ancienne = parcours.client.session.session_key

    parcours.complet("ioa")

    assert connecte(parcours.client) == str(Compte.objects.get(email="ioa@exemple.invalid").pk)
    assert parcours.client.session.session_key != ancienne
    assert parcours.client.session["psc"]["jeton_identite"]


def test_sortir_ferme_la_session_ici_puis_chez_pro_sante_connect(parcours, psc, osnp):
    parcours.complet("osnp")

    reponse = parcours.client.post("/deconnexion/")

    fin = requests.get(reponse.headers["Location"], allow_redirects=False, timeout=5)
    retour = urlsplit(fin.headers["Location"])
    assert retour.path == "/connexion/"
    assert connecte(parcours.client) is None
    assert psc._acces == {}
    assert list(Trace.objects.order_by("pk").values_list("verbe", flat=True)) == ["connexion", "deconnexion"]
    page = parcours.client.get(fin.headers["Location"], follow=True)
    assert page.redirect_chain == [("/connexion/", 302)]
    assert "déconnecté de la plateforme et de Pro Santé Connect" in page.content.decode()


@pytest.mark.parametrize("champs", [{}, {"state": "autre"}, {"state": "é"}], ids=str)
def test_une_sortie_rendue_sans_son_etat_dit_de_fermer_le_navigateur(parcours, osnp, champs):
    parcours.complet("osnp")
    parcours.client.post("/deconnexion/")

    page = parcours.client.get("/connexion/", champs, follow=True).content.decode()

    assert "n’a pas confirmé la fermeture" in page
    assert "n’a pas confirmé" not in parcours.client.get("/connexion/").content.decode()


def test_sortir_marche_meme_quand_pro_sante_connect_est_arrete(parcours, osnp, settings):
    parcours.complet("osnp")
    settings.PSC_DECOUVERTE_URL = "http://127.0.0.1:9/decouverte"
    settings.PSC_HOTES_ADMIS = ["127.0.0.1:9"]

    reponse = parcours.client.post("/deconnexion/", follow=True)

    assert "fermez le navigateur" in reponse.content.decode()
    assert connecte(parcours.client) is None


def test_on_ne_sort_pas_par_un_simple_lien(parcours, osnp):
    parcours.complet("osnp")

    assert parcours.client.get("/deconnexion/").status_code == 405
    assert connecte(parcours.client) == str(osnp.pk)


@pytest.mark.parametrize(
    ("pas_min", "nombre", "reste_connecte"),
    [
        pytest.param(29, 1, True, id="29 minutes sans activité"),
        pytest.param(30, 1, False, id="30 minutes sans activité"),
        pytest.param(20, 11, True, id="3 h 40 d’activité"),
        pytest.param(20, 12, False, id="4 h d’activité"),
    ],
)
def test_la_session_dure_quatre_heures_et_trente_minutes_sans_activite(
    parcours, osnp, pas_min, nombre, reste_connecte
):
    with time_machine.travel("2026-03-17T08:00Z", tick=False) as horloge:
        HabilitationFactory(compte=osnp, role=Role.ADMINISTRATEUR)
        parcours.complet("osnp")
        for _ in range(nombre):
            horloge.shift(timedelta(minutes=pas_min))
            reponse = parcours.client.get("/", follow=True)

    assert ("Se déconnecter" in reponse.content.decode()) is reste_connecte
    if not reste_connecte:
        assert "Votre session a expiré" in reponse.content.decode()
        assert Trace.objects.filter(verbe="deconnexion", details__motif="session expirée").exists()


def test_la_page_de_connexion_renvoie_qui_est_deja_connecte(parcours, osnp):
    parcours.complet("osnp")

    assert parcours.client.get(reverse("comptes:connexion")).headers["Location"] == "/"


@pytest.mark.parametrize(
    "suite", ["accueil", "foo", "?x=1", "//ailleurs.invalid", r"/\ailleurs.invalid", "https:x"]
)
def test_une_suite_qui_n_est_pas_un_chemin_d_ici_mene_a_l_accueil(client, osnp, suite):
    client.force_login(osnp)

    assert client.get(reverse("comptes:connexion"), {"next": suite}).headers["Location"] == "/"


def test_l_accueil_qui_nomme_la_personne_ne_se_garde_pas(client, osnp):
    client.force_login(osnp)

    assert "no-store" in client.get("/").headers["Cache-Control"]
