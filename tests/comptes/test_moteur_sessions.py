"""La session et qui demande, lus ensemble : ce que rendrait Django, en une instruction, et rien de plus."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from comptes.cgu import accepter, en_vigueur
from comptes.demandeur import compte_actif, lire_session
from comptes.models import Compte, Session
from comptes.moteur_sessions import CompteDeSession, SessionStore
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db

PAGE = "/mentions-legales/"
MOTEURS = settings.AUTHENTICATION_BACKENDS


@pytest.fixture
def ouverte() -> SessionStore:
    session = SessionStore()
    session["dit"] = "déjà vu"
    session.save()
    return session


@pytest.fixture
def compte() -> Compte:
    return CompteFactory(osnp=True)


@pytest.fixture
def connecte(client, compte) -> Client:
    client.force_login(compte)
    client.get(PAGE)  # la première page date la session, donc l’écrit
    return client


def qui_demande(client: Client) -> Compte | AnonymousUser:
    return client.get(PAGE).wsgi_request.user


def lectures(client: Client) -> list[str]:
    """Les instructions par lesquelles une page lit sa session, ou un compte."""
    with CaptureQueriesContext(
        connection,
    ) as requetes:
        client.get(PAGE)
    return [r["sql"] for r in requetes if "django_session" in r["sql"] or "FROM comptes_compte" in r["sql"]]


def arriver(client: Client) -> HttpRequest:
    """Une requête de ce client, au sortir des intergiciels qui ouvrent sa session."""
    requete = RequestFactory().get(PAGE)
    requete.session = SessionStore(client.session.session_key)
    CompteDeSession(lambda _: None).process_request(requete)
    return requete


def test_c_est_le_moteur_de_la_plateforme():
    assert SessionStore.__module__ == settings.SESSION_ENGINE


def test_une_session_se_relit(ouverte):
    relue = SessionStore(ouverte.session_key)

    assert relue["dit"] == "déjà vu"
    assert relue.session_key == ouverte.session_key


def test_une_session_perimee_est_vide_et_perd_sa_cle(ouverte):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    relue = SessionStore(ouverte.session_key)

    assert "dit" not in relue
    assert relue.session_key is None


def test_une_session_fermee_ailleurs_est_vide_aussitot(ouverte):
    Session.objects.all().delete()

    assert "dit" not in SessionStore(ouverte.session_key)


def test_lire_une_session_est_une_seule_requete(ouverte, compter_requetes):
    relue = SessionStore(ouverte.session_key)

    assert compter_requetes(lambda: relue["dit"]) == 1


# --- Qui demande vient avec elle --------------------------------------------


@pytest.mark.parametrize("moteur", MOTEURS)
def test_une_page_lit_sa_session_et_qui_demande_d_une_seule_instruction(client, compte, moteur):
    client.force_login(compte, backend=moteur)
    client.get(PAGE)

    assert len(lectures(client)) == 1
    assert qui_demande(client) == compte


@pytest.mark.parametrize("cgu_acceptees", [True, False])
def test_le_compte_lu_avec_la_session_est_celui_qui_se_lirait_seul(connecte, compte, cgu_acceptees):
    maintenant = timezone.now()
    if cgu_acceptees:
        accepter(compte=compte, version=en_vigueur(maintenant), maintenant=maintenant)

    _, avec = lire_session(connecte.session.session_key, maintenant)
    seul = compte_actif(compte.pk, maintenant)

    assert avec.cgu_acceptees is cgu_acceptees
    assert vars(avec) | {"_state": None} == vars(seul) | {"_state": None}


def test_une_session_dit_son_compte_des_la_connexion_et_rien_avant(client, ouverte, compte):
    assert Session.objects.get().compte is None

    client.force_login(compte)

    assert list(compte.sessions.values_list("pk", flat=True)) == [client.session.session_key]


def test_une_session_d_avant_se_lit_en_deux_fois_puis_dit_son_compte(connecte, compte):
    Session.objects.update(compte=None)

    assert len(lectures(connecte)) == 2
    assert qui_demande(connecte) == compte

    session = connecte.session
    session["dit"] = "déjà vu"
    session.save()
    assert len(lectures(connecte)) == 1


# --- Rien n’en est cru que ce que disent les données signées -----------------


def test_un_compte_ecrit_a_cote_de_la_session_n_est_pas_cru(connecte, compte):
    """Sans mot de passe, deux comptes ont la même empreinte de session : seul le numéro les distingue."""
    autre = CompteFactory(administrateur=True)
    assert autre.get_session_auth_hash() == compte.get_session_auth_hash()
    Session.objects.update(compte=autre)

    assert qui_demande(connecte) == compte


def test_un_compte_ecrit_a_cote_d_une_session_anonyme_n_est_pas_cru(client, ouverte, compte):
    Session.objects.update(compte=compte)
    client.cookies[settings.SESSION_COOKIE_NAME] = ouverte.session_key

    assert isinstance(qui_demande(client), AnonymousUser)


@pytest.mark.parametrize(
    "fermer",
    [
        pytest.param(lambda compte: Compte.objects.update(is_active=False), id="compte désactivé"),
        pytest.param(lambda compte: Compte.objects.update(password="autre"), id="mot de passe changé"),
        pytest.param(lambda compte: compte.sessions.all().delete(), id="session fermée"),
        pytest.param(lambda compte: compte.delete(), id="compte supprimé"),
    ],
)
@pytest.mark.parametrize("moteur", MOTEURS)
def test_ce_qui_ferme_vaut_des_la_page_suivante(client, compte, moteur, fermer):
    client.force_login(compte, backend=moteur)
    assert qui_demande(client) == compte

    fermer(compte)

    assert isinstance(qui_demande(client), AnonymousUser)


def test_un_role_retire_vaut_des_la_page_suivante(connecte, compte):
    assert qui_demande(connecte).roles

    compte.habilitations.all().delete()

    assert qui_demande(connecte).roles == frozenset()


def test_un_moyen_de_connexion_retire_ne_vaut_plus(connecte, settings):
    settings.AUTHENTICATION_BACKENDS = ["comptes.local.moteur.MoteurMotDePasse"]

    assert isinstance(qui_demande(connecte), AnonymousUser)


def test_une_session_signee_d_une_cle_remplacee_reste_ouverte(connecte, compte, settings):
    """C’est Django qui accepte l’ancienne clé, et signe de la nouvelle : le raccourci n’en sait rien."""
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "nouvelle-clé-de-test"

    assert qui_demande(connecte) == compte
    assert qui_demande(connecte) == compte


# --- Dans la requête qui connecte ou déconnecte ------------------------------


@pytest.mark.parametrize("deja_lu", [True, False])
def test_se_deconnecter_ne_laisse_personne(connecte, compte, deja_lu):
    requete = arriver(connecte)
    assert not deja_lu or requete.user == compte

    auth.logout(requete)

    assert isinstance(requete.user, AnonymousUser)
    assert requete.session.compte_reconnu() is None


@pytest.mark.parametrize("deja_lu", [True, False])
def test_se_connecter_sous_un_autre_compte_le_donne_aussitot(connecte, compte, deja_lu):
    autre, requete = CompteFactory(osnp=True), arriver(connecte)
    assert not deja_lu or requete.user == compte

    auth.login(requete, autre, backend=MOTEURS[0])
    requete.session.save()

    assert requete.user == autre
    assert requete.session.compte_reconnu() is None
    assert SessionStore(requete.session.session_key).compte_reconnu() == autre


def test_une_cle_renouvelee_ne_garde_pas_le_compte_lu_sous_l_ancienne(connecte, compte):
    session = arriver(connecte).session
    assert session.compte_reconnu() == compte

    session.cycle_key()
    assert session.compte_reconnu() is None
    session.save()

    assert SessionStore(session.session_key).compte_reconnu() == compte


def test_changer_son_mot_de_passe_garde_sa_session_et_ferme_les_autres(client, compte):
    client.force_login(compte)
    ailleurs = Client()
    ailleurs.force_login(compte)
    requete = arriver(client)

    requete.user.set_password("Tournesol-Violet-42")
    requete.user.save()
    auth.update_session_auth_hash(requete, requete.user)
    requete.session.save()

    client.cookies[settings.SESSION_COOKIE_NAME] = requete.session.session_key
    assert qui_demande(client) == compte
    assert isinstance(qui_demande(ailleurs), AnonymousUser)
