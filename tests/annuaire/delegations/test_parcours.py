"""Une délégation du premier au dernier jour, dans un navigateur, et l’accessibilité de ses pages."""

from __future__ import annotations

from playwright.sync_api import expect

from annuaire.champs import champ, lieux_du
from comptes.enums import Action
from comptes.models import Compte
from tests.navigateur import suivre


def lieux_tenus(email: str, instant) -> set[int]:
    compte = Compte.objects.get(email=email)
    tenu = champ(compte, Action.TENIR_AGENDA, instant=instant)
    return set(lieux_du(tenu, instant=instant).values_list("pk", flat=True))


def test_une_delegation_demandee_acceptee_consentie_exercee_puis_revoquee(
    monde, page, connecter, axe, capture
):
    email = "delia@exemple.invalid"
    connecter(monde.medecin)
    page.goto("/mon-compte/")
    capture(page, "mon-compte-effecteur")
    axe(page)
    suivre(page.get_by_role("link", name="Demander l’ajout d’un délégataire"))
    page.get_by_label("Nom", exact=True).fill("Gautier")
    page.get_by_label("Prénom").fill("Délia")
    page.get_by_label("Ville d’exercice").fill("Lille")
    page.get_by_label("E-mail du délégataire").fill("delia@exemple")
    suivre(page.get_by_role("button", name="Envoyer la demande"))
    expect(page.get_by_text("ATTENTION : Adresse email invalide")).to_be_visible()
    capture(page, "delegation-demander-erreur")
    axe(page)
    page.get_by_label("E-mail du délégataire").fill(email)
    suivre(page.get_by_role("button", name="Envoyer la demande"))
    expect(page.get_by_text("Votre demande a bien été envoyée")).to_be_visible()
    capture(page, "delegations-donnees")
    axe(page)

    connecter(monde.gestionnaire)
    page.goto("/delegations/demandes/")
    capture(page, "delegations-demandes")
    axe(page)
    suivre(page.get_by_role("button", name="Accepter"))
    expect(page.get_by_text("Elle prendra effet quand le demandeur y aura consenti")).to_be_visible()
    assert lieux_tenus(email, monde.maintenant) == set()

    connecter(monde.medecin)
    page.goto("/delegations/")
    suivre(page.get_by_role("link", name="Voir la délégation"))
    suivre(page.get_by_role("button", name="Consentir"))
    expect(page.get_by_text("peut maintenant agir en votre nom")).to_be_visible()
    assert lieux_tenus(email, monde.maintenant) == {lieu.pk for lieu in monde.lieux}

    connecter(Compte.objects.get(email=email))
    page.goto("/delegations/recues/")
    expect(page.get_by_text("Étienne FAVIER", exact=True)).to_be_visible()
    capture(page, "delegations-recues")
    axe(page)

    connecter(monde.medecin)
    page.goto("/delegations/")
    suivre(page.get_by_role("link", name="Voir la délégation"))
    capture(page, "delegation")
    axe(page)
    suivre(page.get_by_role("button", name="Révoquer la délégation"))
    expect(page.get_by_text("ne donne plus accès à rien")).to_be_visible()
    assert lieux_tenus(email, monde.maintenant) == set()


def test_les_pages_du_gestionnaire_de_comptes_sont_accessibles(
    monde, demander, page, connecter, axe, capture
):
    demande = demander()
    connecter(monde.gestionnaire)
    for nom, chemin in (
        ("delegation-refuser", f"/delegations/demandes/{demande.pk}/refuser/"),
        ("delegation-accorder", "/delegations/accorder/"),
        ("territoires", "/territoires/"),
        ("territoire", f"/territoires/{monde.nord.pk}/"),
    ):
        page.goto(chemin)
        capture(page, nom)
        axe(page)
