"""Ce qu’un LRM a transmis attend la connexion, pour ce navigateur et une seule fois."""

from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest
from django.test import Client

from comptes.enums import Role
from comptes.models import Session
from orientation.lrm.depots import COOKIE, DUREE_S
from tests.comptes.factories import CompteFactory
from tests.orientation.lrm.conftest import DOMICILE, ORIGINE, recherche_de

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("maintenant")]
URL = "/recherche/"


def deposer(client, **parametres) -> str:
    return client.get(URL, {"origin": ORIGINE} | DOMICILE | parametres).headers["Location"]


def test_un_anonyme_s_identifie_puis_trouve_ses_resultats(client, osnp, logiciel, lille):
    arrivee = deposer(client)

    depart = client.get(arrivee)
    client.force_login(osnp)
    reponse = client.get(arrivee, follow=True)

    assert depart.headers["Location"] == f"/oidc/depart/?next={quote(arrivee, safe='')}"
    assert recherche_de(reponse).lieu["code_insee"] == "59350"


@pytest.mark.parametrize("reglage", [{"sso_psc": False}, {"est_actif": False}])
def test_sans_connexion_unique_l_anonyme_choisit_comment_s_identifier(client, logiciel, lille, reglage):
    type(logiciel).objects.update(**reglage)

    assert client.get(deposer(client)).headers["Location"].startswith("/connexion/?next=%2Flrm%2Farrivee%2F")


def test_le_depot_ne_sert_qu_une_fois(connecte, logiciel, lille):
    arrivee = deposer(connecte)
    connecte.get(arrivee)

    reponse = connecte.get(arrivee, follow=True)

    assert "a déjà été ouverte" in reponse.content.decode()
    assert "Nationale" not in reponse.content.decode()


def test_l_arrivee_d_un_autre_navigateur_ne_dit_rien(connecte, osnp, logiciel, lille):
    arrivee = deposer(connecte)
    autre = Client()
    autre.force_login(osnp)

    reponse = autre.get(arrivee, follow=True)

    assert reponse.resolver_match.view_name == "orientation:recherche"
    assert reponse.context["lrm"] is None


def test_le_cookie_d_un_autre_depot_ne_l_ouvre_pas(connecte, logiciel, lille):
    arrivee = deposer(connecte)
    deposer(connecte)

    assert connecte.get(arrivee).headers["Location"] == URL


def test_le_depot_expire_seul(connecte, logiciel, lille, maintenant):
    import time_machine

    arrivee = deposer(connecte)

    with time_machine.travel(maintenant + timedelta(seconds=DUREE_S + 1), tick=False):
        assert connecte.get(arrivee).headers["Location"] == URL


def test_le_cookie_du_depot_ne_part_que_vers_son_arrivee(client, logiciel, lille):
    reponse = client.get(URL, {"origin": ORIGINE} | DOMICILE)

    cookie = reponse.cookies[COOKIE]
    assert cookie["path"] == reponse.headers["Location"]
    assert (cookie["httponly"], cookie["samesite"], int(cookie["max-age"])) == (True, "Lax", DUREE_S)


def test_deposer_ne_touche_pas_la_session_ouverte(connecte, logiciel, lille):
    """Un POST d’un autre site arrive sans cookie de session : y répondre ne doit pas déconnecter."""
    d_un_autre_site = Client().post("/lrm/recherche/", {"origin": ORIGINE} | DOMICILE)

    assert list(d_un_autre_site.cookies) == [COOKIE]
    connecte.cookies[COOKIE] = d_un_autre_site.cookies[COOKIE].value
    assert recherche_de(connecte.get(d_un_autre_site.headers["Location"], follow=True))


def test_se_connecter_donne_une_session_neuve_que_le_depot_ne_connait_pas(client, osnp, logiciel, lille):
    reponse = client.get(URL, {"origin": ORIGINE} | DOMICILE)
    cle = reponse.cookies[COOKIE].value

    client.force_login(osnp)
    client.get(reponse.headers["Location"])

    assert client.session.session_key != cle
    assert not Session.objects.filter(session_key=cle).exists()


def test_un_depot_reste_petit(client, logiciel):
    client.get(f"{URL}?{urlencode({'city': 'x' * 3000, 'inconnu': 'y' * 3000})}")

    assert len(Session.objects.get().session_data) < 2000


@pytest.mark.parametrize("methode", ["get", "post"])
def test_l_adresse_du_depot_ouverte_sans_appel_mene_au_formulaire_et_le_dit(connecte, methode):
    reponse = getattr(connecte, methode)("/lrm/recherche/", follow=True)

    assert reponse.redirect_chain == [(URL, 302)]
    assert "n’a rien transmis" in reponse.content.decode()


def test_un_appel_envoye_en_get_au_depot_est_entendu_et_quitte_l_url(connecte, logiciel, lille):
    reponse = connecte.get("/lrm/recherche/", {"origin": ORIGINE} | DOMICILE, follow=True)

    assert "Nationale" not in str(reponse.redirect_chain)
    assert recherche_de(reponse).lieu["code_insee"] == "59350"


def test_un_apercu_du_depot_ne_depose_rien(client, logiciel, lille):
    reponse = client.head("/lrm/recherche/", {"origin": ORIGINE} | DOMICILE)

    assert (reponse.status_code, Session.objects.count()) == (204, 0)


def test_un_post_d_un_autre_site_n_a_pas_besoin_de_jeton(logiciel, lille):
    client = Client(enforce_csrf_checks=True)

    reponse = client.post(
        "/lrm/recherche/", {"origin": ORIGINE} | DOMICILE, headers={"origin": "https://lrm.exemple.invalid"}
    )

    assert reponse.status_code == 303


@pytest.mark.parametrize("role", [Role.EFFECTEUR, Role.CPAM])
def test_qui_ne_cherche_pas_ne_voit_rien(client, logiciel, lille, role):
    client.force_login(CompteFactory(role=role))

    assert client.get(deposer(client)).status_code == 404
