"""Les pages des comptes locaux, dans un vrai navigateur : de l’invitation à l’accueil, second facteur compris."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.utils import timezone
from playwright.sync_api import expect

from comptes.cgu import accepter
from comptes.enums import Role
from comptes.local import actions
from comptes.models import Compte, VersionCGU
from comptes.tasks import envoyer_courriels_dus
from tests.comptes.factories import CompteFactory
from tests.navigateur import suivre, texte

pytestmark = pytest.mark.django_db(transaction=True)
MOT_DE_PASSE = "Tournesol-Violet-42"


@pytest.fixture(autouse=True)
def _conditions() -> None:
    """Un test en base réelle vide les tables après lui : la version de la migration n’y est plus."""
    VersionCGU.objects.get_or_create(
        numero="1.0",
        defaults={
            "texte": "# 1. Objet\n\nRien que pour le test.",
            "publiee_le": datetime(2026, 1, 1, tzinfo=UTC),
        },
    )


def lien_recu() -> str:
    envoyer_courriels_dus()
    return re.search(r"https?://[^/\s]+(/compte/\S+)", mail.outbox[-1].body)[1]


def inviter(role: Role) -> Compte:
    compte = CompteFactory(role=role)
    actions.inviter(compte=compte, maintenant=timezone.now())
    return compte


def test_un_delegataire_active_son_compte_et_se_reconnecte(page, axe, capture):
    compte = inviter(Role.DELEGATAIRE)
    page.goto(lien_recu())
    champ = page.get_by_label("Votre nouveau mot de passe")
    champ.fill("court")
    expect(page.locator("[data-regle=casse]")).to_contain_class("fr-message--info")
    champ.fill(MOT_DE_PASSE)
    expect(page.locator(".fr-message--valid")).to_have_count(4)
    axe(page)
    capture(page, "compte-activation")
    page.get_by_text("J’ai lu et j’accepte").click()
    suivre(page.get_by_role("button", name="Valider"))
    expect(page.get_by_text("Votre compte est activé.")).to_be_visible()

    page.goto("/compte/identifiants/")
    axe(page)
    capture(page, "compte-identifiants")
    suivre(page.get_by_role("button", name="Se déconnecter"))
    page.goto("/connexion/")
    axe(page)
    suivre(page.get_by_text("Se connecter avec une adresse et un mot de passe"))
    page.get_by_label("Adresse électronique").fill(compte.email)
    page.get_by_label("Mot de passe", exact=True).fill("Pas-le-bon-2026")
    suivre(page.get_by_role("button", name="Connexion"))
    expect(page.get_by_text("n’est pas le bon")).to_be_visible()
    axe(page)
    capture(page, "compte-connexion-erreur")
    page.get_by_label("Mot de passe", exact=True).fill(MOT_DE_PASSE)
    suivre(page.get_by_role("button", name="Connexion"))
    expect(page.get_by_role("button", name="Se déconnecter")).to_be_visible()


def test_un_gestionnaire_pose_son_second_facteur_et_rentre_avec(page, settings, axe, capture):
    settings.MFA_TOTP_TOLERANCE = 20  # une machine chargée met plus de trente secondes à recopier un code
    compte = inviter(Role.GESTIONNAIRE_COMPTES)
    page.goto(lien_recu())
    page.get_by_label("Votre nouveau mot de passe").fill(MOT_DE_PASSE)
    page.get_by_text("J’ai lu et j’accepte").click()
    suivre(page.get_by_role("button", name="Valider"))
    expect(page).to_have_url(re.compile("/second-facteur/activer/$"))
    axe(page)
    capture(page, "compte-second-facteur")
    secret = texte(page.locator("code.sas-cle"))
    page.get_by_label("Code à six chiffres").fill(_code(secret))
    suivre(page.get_by_role("button", name="Activer"))
    codes = page.locator(".sas-codes code")
    expect(codes).to_have_count(10)
    secours = texte(codes.first)
    axe(page)
    capture(page, "compte-codes-de-secours")
    suivre(page.get_by_role("link", name="Continuer"))
    suivre(page.get_by_role("button", name="Se déconnecter"))

    page.goto("/compte/connexion/")
    page.get_by_label("Adresse électronique").fill(compte.email)
    page.get_by_label("Mot de passe", exact=True).fill(MOT_DE_PASSE)
    suivre(page.get_by_role("button", name="Connexion"))
    expect(page).to_have_url(re.compile("/second-facteur/code/$"))
    axe(page)
    capture(page, "compte-second-facteur-code")
    page.get_by_label("Code").fill(secours)
    suivre(page.get_by_role("button", name="Continuer"))
    expect(page).not_to_have_url(re.compile("/compte/"))
    expect(page.get_by_role("button", name="Se déconnecter")).to_be_visible()


def test_les_cgu_se_lisent_puis_s_acceptent(page, connecter, axe, capture):
    connecter(CompteFactory(role=Role.OSNP))
    page.goto("/")
    expect(page.locator("h1")).to_have_text("Conditions générales d’utilisation")
    axe(page)
    capture(page, "compte-cgu")

    page.get_by_text("J’ai lu et j’accepte").click()
    suivre(page.get_by_role("button", name="Continuer"))

    expect(page.locator("nav#menu >> text=Rechercher une offre de soins")).to_be_visible()


def test_les_pages_publiques_sont_accessibles(page, axe, capture):
    for chemin, nom in (
        ("/compte/oubli/", "oubli"),
        ("/compte/oubli/envoye/", "oubli-envoye"),
        ("/compte/oubli/fait/", "oubli-fait"),
        ("/compte/oubli/1-expire-cle/", "oubli-expire"),
        ("/compte/desactive/", "desactive"),
        ("/compte/activation/inconnu/", "lien-refuse"),
        ("/compte/secours/secours_fermee/", "secours-fermee"),
        ("/compte/secours/second_facteur_absent/", "second-facteur-absent"),
        ("/demo/courriels/", "courriels"),
        ("/demo/courriels-types/comptes/bienvenue/", "courriel-type"),
        ("/demo/courriels-types/comptes/bienvenue/html/", "courriel-html"),
    ):
        assert page.goto(chemin).status < 500
        axe(page)
        capture(page, f"compte-{nom}")


def test_les_pages_du_mot_de_passe_sont_accessibles(page, connecter, axe, capture):
    for chemin in ("mot-de-passe", "premier-mot-de-passe", "verification"):
        compte = CompteFactory(role=Role.DELEGATAIRE)
        if chemin != "premier-mot-de-passe":
            compte.set_password(MOT_DE_PASSE)
            compte.save()
        accepter(compte=compte, version=VersionCGU.objects.get(), maintenant=timezone.now())
        connecter(compte)
        page.goto(f"/compte/{chemin}/")

        expect(page).to_have_url(re.compile(f"/compte/{chemin}/$"))
        axe(page)
        capture(page, f"compte-{chemin}")


def _code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))
