"""Les trois premières connexions, dans un vrai navigateur, du bouton à la page d’arrivée."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from comptes.enums import Role
from comptes.models import Compte
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory
from tests.annuaire.premiere_connexion.conftest import ADRESSE, NUMERO
from tests.comptes.factories import CompteFactory
from tests.navigateur import suivre

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def arriver(page, psc, serveur):
    """S’identifie chez Pro Santé Connect, puis donne son adresse."""
    psc.redirections = [f"{serveur}/oidc/callback/"]

    def jusqu_au_courriel(adresse: str = ADRESSE) -> None:
        page.goto("/connexion/")
        suivre(page.locator("[data-sas-connexion]"))
        suivre(page.locator('[data-persona="effecteur-nouveau"]'))
        page.fill("[name=email]", adresse)
        suivre(page.get_by_role("button", name="Soumettre"))
        expect(page.locator("h1")).to_have_text("Un courriel vous a été envoyé")

    return jusqu_au_courriel


def test_cas_1_un_regulateur_rattache_son_compte_par_le_code(page, arriver, boite, axe, capture):
    CompteFactory(email=ADRESSE, role=Role.REGULATEUR, prenom="Noé", nom="Vasseur")
    arriver()
    axe(page)
    capture(page, "premiere-connexion-courriel")
    page.fill("[name=code]", "12 34")
    suivre(page.get_by_role("button", name="Valider le code"))
    expect(page.get_by_text("n’est pas celui du dernier courriel").first).to_be_visible()
    axe(page)
    capture(page, "premiere-connexion-code-faux")

    page.fill("[name=code]", boite.dernier().code)
    suivre(page.get_by_role("button", name="Valider le code"))

    expect(page.locator("h1")).to_have_text("Bonjour Noé Vasseur")
    expect(page.locator("nav#menu >> text=Rechercher une offre de soins")).to_be_visible()


def test_cas_2_un_effecteur_cree_son_compte_par_le_lien_puis_revient_sans_couture(
    page, arriver, boite, axe, capture
):
    LieuExerciceFactory(effecteur=EffecteurFactory(identifiant_national=NUMERO))
    page.goto("/oidc/depart/")
    suivre(page.locator('[data-persona="effecteur-nouveau"]'))
    expect(page.locator("h1")).to_have_text("Première connexion")
    axe(page)
    capture(page, "premiere-connexion-saisie")
    suivre(page.get_by_role("button", name="Soumettre"))
    expect(page.get_by_text("Renseignez votre adresse électronique.").first).to_be_visible()
    axe(page)
    arriver()

    page.goto(boite.dernier().lien)
    axe(page)
    capture(page, "premiere-connexion-lien")
    suivre(page.get_by_role("button", name="C’est moi, confirmer"))

    identite = page.get_by_role("banner").get_by_text("Noé Vasseur").first
    expect(identite).to_be_visible()
    compte = Compte.objects.get()
    assert compte.roles == {Role.EFFECTEUR}
    suivre(page.get_by_role("button", name="Se déconnecter"))
    suivre(page.locator("[data-sas-connexion]"))
    suivre(page.locator('[data-persona="effecteur-nouveau"]'))
    expect(identite).to_be_visible()
    page.goto(boite.dernier().lien)
    expect(page.locator("h1")).to_have_text("Ce lien a déjà servi")
    axe(page)
    capture(page, "premiere-connexion-deja-servi")


def test_cas_2_le_lien_ouvert_sur_un_autre_appareil(page, arriver, boite, axe, capture, ouvrir_page):
    LieuExerciceFactory(effecteur=EffecteurFactory(identifiant_national=NUMERO))
    arriver()
    telephone = ouvrir_page()
    telephone.goto(boite.dernier().lien)
    suivre(telephone.get_by_role("button", name="C’est moi, confirmer"))
    expect(telephone.locator("h1")).to_have_text("Votre adresse est confirmée")
    axe(telephone)
    capture(telephone, "premiere-connexion-confirmee")

    suivre(page.get_by_text("J’ai confirmé mon adresse, continuer"))

    expect(page.get_by_role("banner").get_by_text("Noé Vasseur").first).to_be_visible()


def test_cas_3_personne_ne_le_connait_il_apprend_a_qui_s_adresser(page, arriver, boite, axe, capture):
    arriver()
    suivre(page.get_by_text("Voyez pourquoi, et à qui vous adresser"))

    expect(page.locator("h1")).to_have_text("Vous n’avez pas d’habilitation")
    axe(page)
    capture(page, "sans-habilitation")
    expect(page.get_by_text("agence régionale de santé").first).to_be_visible()
    expect(page.get_by_text("ordre professionnel").first).to_be_visible()
    assert boite.dernier().gabarit == "premiere_connexion/refus"
    suivre(page.get_by_text("Donnez l’adresse électronique de ce compte"))
    expect(page.locator("[name=email]")).to_have_value(ADRESSE)
