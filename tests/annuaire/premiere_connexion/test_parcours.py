"""Les trois premières connexions, dans un vrai navigateur, du bouton à la page d’arrivée."""

from __future__ import annotations

import pytest

from comptes.enums import Role
from comptes.models import Compte
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory
from tests.annuaire.premiere_connexion.conftest import ADRESSE, NUMERO
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def arriver(page, psc, serveur):
    """S’identifie chez Pro Santé Connect, puis donne son adresse."""
    psc.redirections = [f"{serveur}/oidc/callback/"]

    def jusqu_au_courriel(adresse: str = ADRESSE) -> None:
        page.goto("/connexion/")
        page.click("[data-sas-connexion]")
        page.click('[data-persona="effecteur-nouveau"]')
        page.fill("[name=email]", adresse)
        page.click("text=Soumettre")
        assert page.inner_text("h1") == "Un courriel vous a été envoyé"

    return jusqu_au_courriel


def test_cas_1_un_regulateur_rattache_son_compte_par_le_code(page, arriver, boite, axe, capture):
    CompteFactory(email=ADRESSE, role=Role.REGULATEUR, prenom="Noé", nom="Vasseur")
    arriver()
    axe(page)
    capture(page, "premiere-connexion-courriel")
    page.fill("[name=code]", "12 34")
    page.click("text=Valider le code")
    assert page.is_visible("text=n’est pas celui du dernier courriel")
    axe(page)
    capture(page, "premiere-connexion-code-faux")

    page.fill("[name=code]", boite.dernier().code)
    page.click("text=Valider le code")

    assert page.inner_text("h1") == "Bonjour Noé Vasseur"
    assert page.is_visible("nav#menu >> text=Rechercher une offre de soins")


def test_cas_2_un_effecteur_cree_son_compte_par_le_lien_puis_revient_sans_couture(
    page, arriver, boite, axe, capture
):
    LieuExerciceFactory(effecteur=EffecteurFactory(identifiant_national=NUMERO))
    page.goto("/oidc/depart/")
    page.click('[data-persona="effecteur-nouveau"]')
    assert page.inner_text("h1") == "Première connexion"
    axe(page)
    capture(page, "premiere-connexion-saisie")
    page.click("text=Soumettre")
    assert page.is_visible("text=Renseignez votre adresse électronique.")
    axe(page)
    arriver()

    page.goto(boite.dernier().lien)
    axe(page)
    capture(page, "premiere-connexion-lien")
    page.click("text=C’est moi, confirmer")

    compte = Compte.objects.get()
    assert compte.roles == {Role.EFFECTEUR}
    assert page.is_visible("header >> text=Noé Vasseur")
    page.click("header >> text=Se déconnecter")
    page.wait_for_url("**/connexion/")
    page.click("[data-sas-connexion]")
    page.click('[data-persona="effecteur-nouveau"]')
    assert page.is_visible("header >> text=Noé Vasseur")
    page.goto(boite.dernier().lien)
    assert page.inner_text("h1") == "Ce lien a déjà servi"
    axe(page)
    capture(page, "premiere-connexion-deja-servi")


def test_cas_2_le_lien_ouvert_sur_un_autre_appareil(page, arriver, boite, axe, capture, navigateur, serveur):
    LieuExerciceFactory(effecteur=EffecteurFactory(identifiant_national=NUMERO))
    arriver()
    telephone = navigateur.new_context(base_url=serveur, locale="fr-FR")
    ecran = telephone.new_page()
    ecran.goto(boite.dernier().lien)
    ecran.click("text=C’est moi, confirmer")
    assert ecran.inner_text("h1") == "Votre adresse est confirmée"
    axe(ecran)
    capture(ecran, "premiere-connexion-confirmee")
    telephone.close()

    page.click("text=J’ai confirmé mon adresse, continuer")

    assert page.is_visible("header >> text=Noé Vasseur")


def test_cas_3_personne_ne_le_connait_il_apprend_a_qui_s_adresser(page, arriver, boite, axe, capture):
    arriver()
    page.click("text=Voyez pourquoi, et à qui vous adresser")

    assert page.inner_text("h1") == "Vous n’avez pas d’habilitation"
    axe(page)
    capture(page, "sans-habilitation")
    assert page.is_visible("text=agence régionale de santé")
    assert page.is_visible("text=ordre professionnel")
    assert boite.dernier().gabarit == "premiere_connexion/refus"
    page.click("text=Donnez l’adresse électronique de ce compte")
    assert page.input_value("[name=email]") == ADRESSE
