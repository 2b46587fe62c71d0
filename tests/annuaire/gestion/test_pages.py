"""La gestion des comptes dans un vrai navigateur : de la création par un gestionnaire à la première connexion."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.core import mail
from playwright.sync_api import expect

from annuaire.enums import TypeStructure
from comptes.enums import Role
from comptes.models import Compte, VersionCGU
from comptes.tasks import envoyer_courriels_dus
from tests.annuaire.factories import (
    CommuneFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    StructureFactory,
    TerritoireFactory,
    habiliter,
)
from tests.comptes.factories import CompteFactory
from tests.navigateur import suivre

pytestmark = pytest.mark.django_db(transaction=True)
MOT_DE_PASSE = "Tournesol-Violet-42"


@pytest.fixture
def gestionnaire() -> Compte:
    VersionCGU.objects.get_or_create(
        numero="1.0",
        defaults={"texte": "# 1. Objet\n\nRien.", "publiee_le": datetime(2026, 1, 1, tzinfo=UTC)},
    )
    lille = CommuneFactory()
    nord = TerritoireFactory(nom="SAS Nord", departements=[lille.departement])
    compte = CompteFactory(nom="Comte", prenom="Gaëlle")
    habiliter(compte, Role.GESTIONNAIRE_COMPTES, territoire=nord)
    # Un nom d’un seul tenant, plus large qu’un téléphone.
    for nom in ("Osmont", "Andrianampoinimerinandriantsimitoviaminandriampandrianamanjaka"):
        habiliter(CompteFactory(nom=nom), Role.OSNP, territoire=nord)
    StructureFactory(type=TypeStructure.MSP, nom="MSP des Tilleuls")
    for prenom in ("Étienne", "Aline"):
        LieuExerciceFactory(effecteur=EffecteurFactory(nom="FAVIER", prenom=prenom))
    return compte


def test_un_gestionnaire_cree_un_compte_jusqu_a_sa_premiere_connexion(
    page, connecter, gestionnaire, axe, capture
):
    connecter(gestionnaire)
    page.goto("/")
    suivre(page.get_by_role("link", name="Comptes", exact=True).first)
    axe(page)
    capture(page, "gestion-liste")
    suivre(page.get_by_role("link", name="Ajouter un utilisateur"))
    axe(page)
    page.get_by_role("checkbox", name="Opérateur de soins non programmés").check(force=True)
    page.get_by_label("Adresse électronique").fill("nouveau@exemple.invalid")
    page.locator("[name=nom]").fill("Nouveau")
    page.locator("[name=prenom]").fill("Noé")
    expect(page.get_by_role("heading", name="Opérateur de soins non programmés")).to_be_visible()
    expect(page.locator("[data-sas-role=effecteur]")).to_be_hidden()
    axe(page)
    capture(page, "gestion-creer")
    suivre(page.get_by_role("button", name="Enregistrer"))
    expect(page.get_by_text("Compte enregistré")).to_be_visible()
    axe(page)
    capture(page, "gestion-fiche")

    envoyer_courriels_dus()
    lien = re.search(r"https?://[^/\s]+(/compte/\S+)", mail.outbox[-1].body)[1]
    page.context.clear_cookies()
    page.goto(lien)
    page.get_by_label("Votre nouveau mot de passe").fill(MOT_DE_PASSE)
    page.get_by_text("J’ai lu et j’accepte").click()
    suivre(page.get_by_role("button", name="Valider"))
    expect(page.get_by_text("Noé Nouveau").first).to_be_visible()

    compte = Compte.objects.get(email="nouveau@exemple.invalid")
    assert compte.last_login is not None
    assert compte.roles == {Role.OSNP}
    page.goto("/recherche/")
    expect(page.get_by_role("heading", name="Rechercher une offre de soins")).to_be_visible()


def test_chercher_dans_l_annuaire_montre_des_choix(page, connecter, gestionnaire, axe, capture):
    connecter(gestionnaire)
    page.goto("/comptes/creer/")
    for role in ("Effecteur de soins", "Gestionnaire de structure", "Délégataire"):
        page.locator("fieldset").get_by_label(role, exact=True).check(force=True)
    page.get_by_label("Adresse électronique").fill("favier@exemple.invalid")
    page.locator("[name=identifiant]").fill("favier")
    page.locator("[name=structures_cherche]").fill("tilleuls")
    page.locator("[name=professionnels_cherche]").fill("favier")
    suivre(page.get_by_role("button", name="Enregistrer"))
    expect(page.get_by_text("choisissez ci-dessous").first).to_be_visible()
    axe(page)
    capture(page, "gestion-choix")


@pytest.mark.parametrize("nom", ["modifier", "supprimer", "desactiver", "bienvenue"])
def test_chaque_page_d_un_compte_est_accessible(page, connecter, gestionnaire, axe, capture, nom):
    connecter(gestionnaire)
    compte = Compte.objects.get(nom="Osmont")
    page.goto(f"/comptes/{compte.pk}/{nom}/")

    axe(page)
    capture(page, f"gestion-{nom}")


def test_les_comptes_a_revoir_et_l_import_sont_accessibles(page, connecter, gestionnaire, axe, capture):
    connecter(gestionnaire)
    page.goto("/comptes/a-revoir/")
    axe(page)
    capture(page, "gestion-a-revoir")
    page.goto("/comptes/importer/")
    axe(page)
    capture(page, "gestion-importer")
    for nom, contenu in (
        ("relecture", b"email;roles;nom;prenom;territoires\na@exemple.invalid;OSNP;Un;Aline;SAS Nord\n"),
        ("erreurs", b"email;roles;nom;prenom;territoires\nfaux;OSNP;Un;Aline;SAS Sud\n"),
    ):
        page.goto("/comptes/importer/")
        fichier = {"name": "comptes.csv", "mimeType": "text/csv", "buffer": contenu}
        page.set_input_files("[name=fichier]", fichier)
        suivre(page.get_by_role("button", name="Relire le fichier"))
        expect(page.get_by_role("heading", name="Relecture du fichier")).to_be_visible()
        axe(page)
        capture(page, f"gestion-{nom}")
