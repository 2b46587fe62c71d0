"""Une délégation du premier au dernier jour, dans un navigateur, et l’accessibilité de ses pages."""

from __future__ import annotations

from annuaire.champs import champ, lieux_du
from comptes.enums import Action
from comptes.models import Compte


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
    page.get_by_role("link", name="Demander l’ajout d’un délégataire").click()
    page.get_by_label("Nom", exact=True).fill("Gautier")
    page.get_by_label("Prénom").fill("Délia")
    page.get_by_label("Ville d’exercice").fill("Lille")
    page.get_by_label("E-mail du délégataire").fill("delia@exemple")
    page.get_by_role("button", name="Envoyer la demande").click()
    page.get_by_text("ATTENTION : Adresse email invalide").wait_for()
    capture(page, "delegation-demander-erreur")
    axe(page)
    page.get_by_label("E-mail du délégataire").fill(email)
    page.get_by_role("button", name="Envoyer la demande").click()
    page.get_by_text("Votre demande a bien été envoyée").wait_for()
    capture(page, "delegations-donnees")
    axe(page)

    connecter(monde.gestionnaire)
    page.goto("/delegations/demandes/")
    capture(page, "delegations-demandes")
    axe(page)
    page.get_by_role("button", name="Accepter").click()
    page.get_by_text("Elle prendra effet quand le demandeur y aura consenti").wait_for()
    assert lieux_tenus(email, monde.maintenant) == set()

    connecter(monde.medecin)
    page.goto("/delegations/")
    page.get_by_role("link", name="Voir la délégation").click()
    page.get_by_role("button", name="Consentir").click()
    page.get_by_text("peut maintenant agir en votre nom").wait_for()
    assert lieux_tenus(email, monde.maintenant) == {lieu.pk for lieu in monde.lieux}

    connecter(Compte.objects.get(email=email))
    page.goto("/delegations/recues/")
    page.get_by_text("Étienne FAVIER", exact=True).wait_for()
    capture(page, "delegations-recues")
    axe(page)

    connecter(monde.medecin)
    page.goto("/delegations/")
    page.get_by_role("link", name="Voir la délégation").click()
    capture(page, "delegation")
    axe(page)
    page.get_by_role("button", name="Révoquer la délégation").click()
    page.get_by_text("ne donne plus accès à rien").wait_for()
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
