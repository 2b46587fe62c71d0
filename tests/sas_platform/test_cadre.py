"""Le cadre gardé en mémoire : chacun n’y lit que ce que ses rôles ouvrent, à l’instant."""

import re

import pytest
from django.core.cache import caches
from django.urls import reverse
from django.utils import timezone

from comptes.enums import Role
from comptes.models import Habilitation
from tests.comptes.factories import CompteFactory, HabilitationFactory

pytestmark = pytest.mark.django_db

MON_COMPTE, ACCESSIBILITE = "mon_compte:compte", "accessibilite"
RECHERCHER, COMPTES = "Rechercher une offre de soins", "Comptes"


@pytest.fixture(autouse=True)
def cadre_vide():
    caches["cadre"].clear()


@pytest.fixture
def menu(client):
    def lire(route: str = ACCESSIBILITE) -> list[str]:
        page = client.get(reverse(route)).content.decode()
        (nav,) = re.findall(r'<nav class="fr-nav".*?</nav>', page, re.DOTALL)
        return re.findall(r">([^<>]+)</a>", nav)

    return lire


def test_deux_personnes_de_roles_differents_ont_chacune_leur_menu(client, menu):
    client.force_login(CompteFactory(role=Role.OSNP))
    premier = menu()
    client.force_login(CompteFactory(role=Role.GESTIONNAIRE_COMPTES))

    second = menu()

    assert RECHERCHER in premier
    assert COMPTES not in premier
    assert COMPTES in second


def test_un_role_retire_quitte_le_menu_a_la_page_suivante(client, menu):
    compte = CompteFactory(role=Role.EFFECTEUR)
    HabilitationFactory(compte=compte, role=Role.OSNP)
    client.force_login(compte)
    avant = menu()

    Habilitation.objects.filter(compte=compte, role=Role.OSNP).update(fin_le=timezone.now())

    assert RECHERCHER in avant
    assert RECHERCHER not in menu()


def test_la_page_ouverte_est_la_seule_que_le_menu_dise_courante(client):
    client.force_login(CompteFactory(role=Role.OSNP))
    for route in (ACCESSIBILITE, "orientation:recherche", MON_COMPTE):
        page = client.get(reverse(route)).content.decode()

        (nav,) = re.findall(r'<nav class="fr-nav".*?</nav>', page, re.DOTALL)
        courantes = re.findall(r'href="([^"]+)"\s+aria-current="page"', nav)
        assert courantes == ([] if route == ACCESSIBILITE else [reverse(route)])


def test_ce_que_le_cadre_garde_ne_dit_rien_de_personne(client):
    compte = CompteFactory(role=Role.OSNP, nom="Introuvable", prenom="Maël")
    client.force_login(compte)

    page = client.get(reverse(MON_COMPTE)).content.decode()

    gardes = b"".join(caches["cadre"]._cache.values()).decode("utf-8", "replace")
    jetons = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert "Introuvable" in page
    assert jetons
    assert "Rechercher une offre de soins" in gardes
    assert "Introuvable" not in gardes
    assert "csrfmiddlewaretoken" not in gardes
    assert "nonce" not in gardes


@pytest.mark.parametrize("connecte", [False, True])
def test_l_adresse_d_un_bouton_ouverte_par_erreur_dit_quoi_faire(client, connecte):
    if connecte:
        client.force_login(CompteFactory(role=Role.OSNP))

    reponse = client.get(reverse("comptes:deconnexion"))

    assert (reponse.status_code, reponse.headers["Allow"]) == (405, "POST")
    assert "no-store" in reponse.headers["Cache-Control"]
    assert "Cette adresse ne s’ouvre pas directement" in reponse.content.decode()
