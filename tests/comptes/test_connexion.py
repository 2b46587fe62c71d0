"""Entrer par Pro Santé Connect : le chemin heureux, et tout ce qui doit être refusé."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from django.urls import reverse

from comptes.enums import Role
from comptes.models import Compte, Trace
from sas_platform.demo.personas import PAR_CLE
from tests.comptes.conftest import creer_persona
from tests.comptes.factories import CompteFactory, HabilitationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def osnp() -> Compte:
    return creer_persona("osnp")


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


def test_une_identite_refusee_une_fois_est_relue_avec_un_jeton_neuf(parcours, psc, osnp):
    essais = []
    vraie = psc.identite
    psc.identite = lambda jeton: essais.append(jeton) or (vraie(jeton) if len(essais) > 1 else None)

    parcours.complet("osnp")

    assert len(set(essais)) == 2
    assert connecte(parcours.client) == str(osnp.pk)


def test_un_nom_qui_change_est_suivi_et_trace_sans_etre_ecrit_dans_la_trace(parcours, psc, osnp):
    vraie = psc.identite
    psc.identite = lambda jeton: vraie(jeton) | {"family_name": "Osmont-Durand"}

    parcours.complet("osnp")

    osnp.refresh_from_db()
    assert (osnp.prenom, osnp.nom) == ("Camille", "Osmont-Durand")
    trace = Trace.objects.get(verbe="compte.nom_mis_a_jour")
    assert trace.details == {"champs": ["nom"], "source": "Pro Santé Connect"}


@pytest.mark.parametrize("lu", ["OSMONT", "osmont", "", None, "  Osmont "], ids=repr)
def test_un_nom_ecrit_autrement_ou_absent_ne_change_rien(parcours, psc, osnp, lu):
    vraie = psc.identite
    psc.identite = lambda jeton: vraie(jeton) | {"family_name": lu}

    parcours.complet("osnp")

    osnp.refresh_from_db()
    assert osnp.nom == "Osmont"
    assert not Trace.objects.filter(verbe="compte.nom_mis_a_jour").exists()


@pytest.mark.parametrize(
    ("choisi", "transmis"),
    [
        pytest.param("chu-de-lille", "chu-de-lille", id="établissement"),
        pytest.param("", None, id="aucun"),
        pytest.param("a&prompt=none", None, id="paramètre glissé"),
        pytest.param("x" * 101, None, id="trop long"),
        pytest.param("é", None, id="hors de l’alphabet"),
    ],
)
def test_l_etablissement_choisi_mene_a_son_fournisseur_d_identite(client, psc, choisi, transmis):
    reponse = client.get("/oidc/depart/", {"etablissement": choisi})

    assert dict(parse_qsl(urlsplit(reponse.headers["Location"]).query)).get("kc_idp_hint") == transmis


def test_se_connecter_sous_un_autre_nom_remplace_la_session(parcours, osnp):
    parcours.complet("osnp")
    ancienne = parcours.client.session.session_key
    ioa = creer_persona("ioa")

    parcours.complet("ioa")

    assert connecte(parcours.client) == str(ioa.pk)
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


def test_la_page_de_connexion_renvoie_qui_est_deja_connecte(parcours, osnp):
    parcours.complet("osnp")

    assert parcours.client.get(reverse("comptes:connexion")).headers["Location"] == "/"


@pytest.mark.parametrize(
    "suite", ["accueil", "foo", "?x=1", "//ailleurs.invalid", r"/\ailleurs.invalid", "https:x"]
)
def test_une_suite_qui_n_est_pas_un_chemin_d_ici_mene_a_l_accueil(client, osnp, suite):
    client.force_login(osnp)

    assert client.get(reverse("comptes:connexion"), {"next": suite}).headers["Location"] == "/"


@pytest.mark.parametrize(
    ("roles", "arrivee"),
    [
        pytest.param([], "/", id="aucun rôle"),
        pytest.param([Role.OSNP], "/", id="OSNP"),
        pytest.param([Role.ADMINISTRATEUR], "/", id="administrateur"),
        pytest.param([Role.EFFECTEUR], "/tableau-de-bord/", id="effecteur"),
        pytest.param([Role.EFFECTEUR, Role.REGULATEUR], "/", id="effecteur qui régule"),
        pytest.param([Role.GESTIONNAIRE_STRUCTURE], "/tableau-de-bord/", id="gestionnaire de structure"),
        pytest.param(
            [Role.DELEGATAIRE, Role.GESTIONNAIRE_STRUCTURE],
            "/tableau-de-bord/",
            id="gestionnaire et délégataire",
        ),
        pytest.param([Role.DELEGATAIRE], "/tableau-de-bord/", id="délégataire"),
        pytest.param([Role.DELEGATAIRE, Role.EFFECTEUR], "/tableau-de-bord/", id="effecteur et délégataire"),
    ],
)
def test_la_page_d_arrivee_depend_des_roles_et_s_ouvre(client, roles, arrivee):
    compte = CompteFactory()
    for role in roles:
        HabilitationFactory(compte=compte, role=role)
    client.force_login(compte)

    reponse = client.get(reverse("comptes:connexion"))

    assert reponse.headers["Location"] == arrivee
    assert client.get(arrivee).status_code == 200


def test_l_accueil_qui_nomme_la_personne_ne_se_garde_pas(client, osnp):
    client.force_login(osnp)

    assert "no-store" in client.get("/").headers["Cache-Control"]
