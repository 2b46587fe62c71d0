"""Les pages des structures et des territoires dans un navigateur : accessibilité, largeur d’un téléphone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from annuaire.models import Rattachement
from comptes.enums import Role
from tests.annuaire.factories import (
    EffecteurFactory,
    LieuExerciceFactory,
    TerritoireFactory,
)
from tests.comptes.factories import CompteFactory
from tests.navigateur import suivre


@pytest.mark.django_db
def test_un_gestionnaire_propose_un_rattachement_que_l_effecteur_accepte(
    responsable, cpts, sos, lille, page, connecter, axe, capture
):
    effecteur = EffecteurFactory(nom="FAVIER", prenom="Étienne")
    LieuExerciceFactory(effecteur=effecteur)
    LieuExerciceFactory(de_structure=True, structure=sos)
    medecin = CompteFactory(role=Role.EFFECTEUR, identifiant_national=effecteur.identifiant_national)
    connecter(responsable)
    page.goto("/structures/")
    capture(page, "structures")
    axe(page)
    suivre(page.get_by_role("link", name="CPTS de Lille"))
    suivre(page.get_by_role("link", name="Proposer un rattachement"))
    page.get_by_label("Nom et prénom, ou RPPS").fill("favier")
    suivre(page.get_by_role("button", name="Rechercher"))
    capture(page, "structure-chercher-membre")
    axe(page)
    suivre(page.get_by_role("link", name="Choisir ses lieux"))
    page.get_by_text("12 rue Nationale").click()
    capture(page, "structure-rattacher")
    axe(page)
    suivre(page.get_by_role("button", name="Proposer"))
    capture(page, "structure-cpts")
    axe(page)

    connecter(medecin)
    page.goto("/mon-compte/")
    capture(page, "mon-compte-rattachement")
    axe(page)
    suivre(page.get_by_role("button", name="Accepter"))
    expect(page.get_by_text("compte maintenant parmi les membres")).to_be_visible()
    assert Rattachement.objects.get().accepte_le is not None

    connecter(responsable)
    for nom, chemin in (
        ("structure-zone", f"/structures/{cpts.pk}/zone/"),
        ("structure-informations", f"/structures/{cpts.pk}/informations/"),
        ("structure-sos", f"/structures/{sos.pk}/"),
        ("structure-point-fixe", f"/structures/{sos.pk}/points-fixes/ajouter/"),
        ("mon-compte-gestionnaire", "/mon-compte/"),
    ):
        page.goto(chemin)
        capture(page, nom)
        axe(page)


@pytest.mark.django_db
def test_les_pages_de_l_administrateur_sont_accessibles(lille, page, connecter, axe, capture):
    territoire = TerritoireFactory(nom="SAS-59 Nord", departements=[lille.departement])
    connecter(CompteFactory(administrateur=True))
    for nom, chemin in (
        ("structure-creer", "/structures/creer/"),
        ("territoire-creer", "/territoires/creer/"),
        ("territoire-modifier", f"/territoires/{territoire.pk}/modifier/"),
        ("territoire-rayon", f"/territoires/{territoire.pk}/rayon/"),
        ("mon-compte-administrateur", "/mon-compte/"),
    ):
        page.goto(chemin)
        capture(page, nom)
        axe(page)
