"""Bannières, accueil, plan, pied de page : ce que le cadre montre à chacun."""

import pytest
from django.db import OperationalError
from django.urls import reverse

from assistance import lectures
from assistance.enums import PublicBanniere
from assistance.models import Banniere
from comptes.enums import Role
from tests.assistance.factories import BanniereFactory
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _memoire_vide():
    lectures.oublier_bannieres()
    yield
    lectures.oublier_bannieres()


@pytest.mark.parametrize(
    ("instant", "montree"),
    [
        pytest.param("2026-03-17T05:59:59Z", False, id="avant"),
        pytest.param("2026-03-17T06:00:00Z", True, id="premier instant"),
        pytest.param("2026-03-17T17:59:59Z", True, id="dernier instant"),
        pytest.param("2026-03-17T18:00:00Z", False, id="fin exclue"),
    ],
)
def test_une_banniere_se_montre_entre_ses_deux_dates(client, horloge, instant, montree):
    horloge.move_to(instant)
    BanniereFactory(public=PublicBanniere.TOUS)

    assert ("sera arrêtée mardi" in client.get("/").content.decode()) is montree


@pytest.mark.parametrize(
    ("public", "anonyme", "connecte"),
    [
        (PublicBanniere.TOUS, True, True),
        (PublicBanniere.CONNECTES, False, True),
        (PublicBanniere.ANONYMES, True, False),
    ],
)
def test_une_banniere_ne_se_montre_qu_a_son_public(client, horloge, public, anonyme, connecte):
    BanniereFactory(public=public)

    assert ("sera arrêtée" in client.get("/faq/").content.decode()) is anonyme
    client.force_login(CompteFactory(role=Role.OSNP))
    assert ("sera arrêtée" in client.get("/faq/").content.decode()) is connecte


def test_le_texte_d_une_banniere_est_echappe(client, horloge):
    """W-58 : la plateforme d’origine l’imprimait tel quel."""
    BanniereFactory(public=PublicBanniere.TOUS, texte="<script>alert(1)</script>")

    page = client.get("/").content.decode()

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_une_page_relit_les_bannieres_une_fois_par_periode(client, horloge, settings, compter_requetes):
    settings.BANNIERES_MEMOIRE_S = 30
    BanniereFactory.create_batch(3, public=PublicBanniere.TOUS)

    premiere = compter_requetes(lambda: client.get("/mentions-legales/"))
    seconde = compter_requetes(lambda: client.get("/mentions-legales/"))

    assert (premiere, seconde) == (1, 0)


def test_l_administration_fait_relire_les_bannieres(client, horloge, settings):
    settings.BANNIERES_MEMOIRE_S = 3600
    client.force_login(CompteFactory(administrateur=True))
    client.get("/")

    client.post(
        "/administration/assistance/banniere/add/",
        {
            "texte": "Nouvelle.",
            "niveau": "info",
            "public": "tous",
            "debut_le_0": "17/03/2026",
            "debut_le_1": "08:00",
            "fin_le_0": "18/03/2026",
            "fin_le_1": "08:00",
        },
    )

    assert Banniere.objects.count() == 1
    assert "Nouvelle." in client.get("/").content.decode()


def test_base_arretee_les_bannieres_ne_font_pas_tomber_la_page(client, monkeypatch):
    def echouer(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(lectures.Banniere.objects, "filter", echouer)

    assert client.get("/mentions-legales/").status_code == 200


@pytest.mark.parametrize(
    ("role", "offert", "absent"),
    [
        (None, "Espace de formation", "Mes demandes d’assistance"),
        (Role.OSNP, "Mes orientations", "Demandes d’assistance</a>"),
        (Role.GESTIONNAIRE_COMPTES, "Demandes d’assistance</a>", "Mes orientations"),
        (Role.EFFECTEUR, "Mes demandes d’assistance", "Rechercher une offre"),
        (Role.ADMINISTRATEUR, "Administration</a>", "Mes orientations"),
    ],
)
@pytest.mark.parametrize("chemin", ["/", "/plan/"])
def test_l_accueil_et_le_plan_offrent_ce_que_la_personne_peut_ouvrir(client, chemin, role, offert, absent):
    if role:
        client.force_login(CompteFactory(role=role))

    page = client.get(chemin).content.decode().split("<main")[1].split("</main")[0]

    assert offert in page
    assert absent not in page.replace(
        "Mes demandes d’assistance", "" if absent.startswith("D") else "Mes demandes d’assistance"
    )


def test_un_compte_sans_role_sait_a_qui_ecrire(client):
    client.force_login(CompteFactory())

    page = client.get("/").content.decode()

    assert "aucun rôle en cours" in page
    assert reverse("assistance:contact") in page


@pytest.mark.parametrize("chemin", ["/mentions-legales/", "/donnees-personnelles/", "/accessibilite/"])
def test_le_pied_de_page_mene_a_l_aide(client, chemin):
    pied = client.get(chemin).content.decode().split("<footer")[1]

    for route in (
        "assistance:faq",
        "assistance:formation",
        "plan",
        "mentions_legales",
        "donnees_personnelles",
    ):
        assert f'href="{reverse(route)}"' in pied


def test_les_pages_legales_nomment_l_exploitant(client, settings):
    settings.EDITEUR = "Agence <fictive>"
    settings.HEBERGEUR = "Hébergeur fictif"
    settings.DIRECTEUR_PUBLICATION = "Camille Fictif"
    settings.DPD_COURRIEL = "dpd@exemple.invalid"

    legales = client.get("/mentions-legales/").content.decode()
    donnees = client.get("/donnees-personnelles/").content.decode()

    assert "Agence &lt;fictive&gt;" in legales
    assert "Hébergeur fictif" in legales
    assert "Camille Fictif" in legales
    assert "dpd@exemple.invalid" in donnees
