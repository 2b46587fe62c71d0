"""La régulation sans souris : suggestions, raccourcis, carte ; ce qu’un lecteur d’écran entend."""

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine
from playwright.sync_api import expect

from comptes.enums import Role
from orientation.models import Appel, Orientation
from tests.agenda.factories import DisponibiliteFactory
from tests.annuaire.factories import BesoinFactory, CommuneFactory, EffecteurFactory, LieuExerciceFactory
from tests.comptes.factories import CompteFactory
from tests.navigateur import adresse, page_suivante, suivre
from tests.orientation.conftest import LUNDI_8H, projeter

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.navigateur]
RESULTATS = re.compile(r"/recherche/[\w-]+/(#.*)?$")


@pytest.fixture
def maintenant() -> Iterator[datetime]:
    with time_machine.travel(LUNDI_8H, tick=True):
        yield LUNDI_8H


@pytest.fixture
def zone(lieu, maintenant, medecine_generale):
    """Trois généralistes à Lille : un créneau libre chez le premier, deux confrères à la même adresse."""
    CommuneFactory()
    BesoinFactory(specialites=[medecine_generale])
    lieu.telephone = "0320000001"
    lieu.save()
    DisponibiliteFactory(lieu=lieu)
    confreres = [
        LieuExerciceFactory(effecteur=EffecteurFactory(nom=nom, prenom="Luc"), lat=50.69, lon=3.06)
        for nom in ("PETIT", "GRAND")
    ]
    projeter(lieu, *confreres)
    return lieu


@pytest.fixture
def regulateur(page, connecter, zone):
    compte = CompteFactory(role=Role.OSNP, nom="Régule", prenom="Odile")
    connecter(compte)
    return compte


def quoi(page):
    return page.get_by_role("combobox", name=re.compile("Spécialité"))


def ou(page):
    return page.get_by_role("combobox", name=re.compile("Adresse"))


def chercher(page) -> None:
    page.goto("/recherche/")
    quoi(page).fill("médecine générale")
    ou(page).fill("Lille")
    with page_suivante(page):
        page.keyboard.press("Enter")
    expect(page).to_have_url(RESULTATS)


def annonce(page):
    return page.locator("[data-sas-clavier-annonce]")


# --- Champ à suggestions ----------------------------------------------------


def test_la_liste_suit_le_motif_combobox(page, regulateur, axe, capture):
    page.goto("/recherche/")
    champ = quoi(page)
    champ.focus()
    page.keyboard.type("otite")
    option = page.get_by_role("option", name=re.compile("Médecine générale"))
    expect(option).to_contain_text(re.compile("pour.: Mal d’oreille"))
    expect(champ).to_have_attribute("aria-expanded", "true")
    expect(champ).to_have_attribute("aria-controls", "id_quoi-options")
    expect(page.locator("#id_quoi-options")).to_have_role("listbox")
    expect(page.get_by_role("group", name=re.compile("Besoins courants"))).to_be_visible()
    expect(page.get_by_text("1 suggestion", exact=True)).to_have_attribute("role", "status")

    page.keyboard.press("ArrowDown")
    expect(champ).to_have_attribute("aria-activedescendant", "id_quoi-options-0")
    expect(option).to_have_attribute("aria-selected", "true")
    axe(page)
    capture(page, "recherche-suggestions")
    champ.focus()
    page.keyboard.press("Home")
    expect(champ).not_to_have_attribute("aria-activedescendant", re.compile("."))
    expect(champ).to_be_focused()
    page.wait_for_function("document.activeElement.selectionStart === 0")

    page.keyboard.press("Escape")
    expect(champ).to_have_attribute("aria-expanded", "false")
    expect(champ).to_have_value("otite")
    expect(champ).to_be_focused()
    page.keyboard.press("ArrowDown")  # rouvre, et vise la première
    expect(champ).to_have_attribute("aria-activedescendant", "id_quoi-options-0")
    page.keyboard.press("Alt+ArrowUp")
    expect(champ).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Alt+ArrowDown")  # rouvre, sans viser
    expect(champ).to_have_attribute("aria-expanded", "true")
    expect(champ).not_to_have_attribute("aria-activedescendant", re.compile("."))
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(champ).to_have_value("Médecine générale")
    expect(champ).to_be_focused()


# --- Raccourcis -------------------------------------------------------------


def test_de_l_adresse_a_l_orientation_en_douze_touches(page, regulateur):
    touches = []

    def presser(touche: str) -> None:
        touches.append(touche)
        page.keyboard.press(touche)

    page.goto("/recherche/")
    quoi(page).fill("otite")
    ou(page).focus()
    page.keyboard.type("lille")
    expect(page.get_by_role("option", name="Lille (59000)")).to_be_visible()

    presser("ArrowDown")
    presser("Enter")
    expect(ou(page)).to_have_value("Lille (59000)")
    with page_suivante(page):
        presser("Enter")
    presser("j")
    expect(annonce(page)).to_have_text("Offre 1 sur 3.")
    with page_suivante(page):
        presser("o")
    expect(page.get_by_text("Étape 1 sur 3")).to_be_visible()
    with page_suivante(page):
        presser("Enter")
    expect(page.get_by_text("Étape 2 sur 3")).to_be_visible()
    with page_suivante(page):
        presser("Enter")
    expect(page.get_by_text("Orientation enregistrée")).to_be_visible()

    assert Orientation.objects.count() == 1
    assert len(touches) <= 12
    with page_suivante(page):
        presser("Enter")  # « Fermer » : retour à la liste
    expect(page).to_have_url(RESULTATS)


def test_on_va_de_carte_en_carte_et_le_lecteur_d_ecran_le_dit(page, regulateur):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    chercher(page)
    cartes = page.locator("article.sas-carte")

    page.keyboard.press("j")
    expect(cartes.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(cartes.nth(1)).to_be_focused()
    expect(annonce(page)).to_have_text("Offre 2 sur 3.")
    page.keyboard.press("k")
    expect(cartes.nth(0)).to_be_focused()
    page.keyboard.press("k")
    expect(annonce(page)).to_have_text("Première offre de la page.")
    expect(cartes.nth(0)).to_be_focused()

    page.keyboard.press("c")
    expect(annonce(page)).to_have_text(re.compile(r"Numéro copié.: [+]?\d+"))
    page.keyboard.press("j")
    page.keyboard.press("o")
    expect(annonce(page)).to_have_text("Aucun créneau à proposer sur cette offre.")

    with page_suivante(page):
        page.keyboard.press("/")
    expect(quoi(page)).to_be_focused()


def test_tenir_la_place_puis_noter_l_appel_sans_souris(page, regulateur):
    chercher(page)

    with page_suivante(page):
        page.keyboard.press("h")
    expect(page.get_by_text("Vous tenez cette place jusqu’à")).to_be_visible()
    page.keyboard.press("3")
    expect(page.get_by_role("combobox", name=re.compile("Refus"))).to_be_focused()
    page.keyboard.press("1")  # dans un champ, une touche n’est qu’une touche
    page.keyboard.press("Tab")
    with page_suivante(page):
        page.keyboard.press("4")
    expect(page.get_by_role("button", name="Tenir la place")).to_be_visible()
    with page_suivante(page):
        page.keyboard.press("1")

    assert [appel.issue for appel in Appel.objects.all()] == ["sans_reponse"]


def test_l_aide_s_ouvre_coupe_les_raccourcis_et_rend_le_clavier(page, regulateur, axe, capture):
    chercher(page)
    page.keyboard.press("?")
    aide = page.get_by_role("dialog", name="Raccourcis clavier")
    expect(aide).to_be_visible()
    axe(page)
    capture(page, "clavier-aide")
    page.keyboard.press("Escape")
    expect(aide).to_be_hidden()

    bouton = page.get_by_role("button", name="Raccourcis clavier")
    bouton.click()
    page.get_by_label("Raccourcis actifs sur ce poste").uncheck(force=True)
    page.keyboard.press("Escape")
    expect(bouton).to_be_focused()
    for touche in ("j", "?", "o"):
        page.keyboard.press(touche)
    expect(aide).to_be_hidden()
    expect(bouton).to_be_focused()
    page.goto(adresse(page, r"/recherche/[\w-]+/")[0])
    bouton.click()
    expect(page.get_by_label("Raccourcis actifs sur ce poste")).not_to_be_checked()


def test_dans_un_champ_une_touche_n_est_qu_une_lettre(page, regulateur):
    page.goto("/recherche/")
    quoi(page).focus()
    page.keyboard.type("jko?/c")

    expect(quoi(page)).to_have_value("jko?/c")
    expect(page.get_by_role("dialog", name="Raccourcis clavier")).to_be_hidden()


# --- Carte et trajets -------------------------------------------------------


def test_la_carte_double_la_liste_et_y_ramene(page, regulateur, zone, axe, capture):
    chercher(page)
    demandes = []
    page.on("request", lambda requete: demandes.append(requete.url))
    expect(page.locator(".sas-carte__trajet").first).to_contain_text("(estimation)")
    assert not [url for url in demandes if "leaflet" in url]

    page.get_by_role("button", name="Voir la carte").click()
    expect(page.get_by_text("Carte affichée : 3 offres.")).to_be_visible()
    seule = page.get_by_role("button", name=re.compile("^1. Camille MARTIN, Créneau libre aujourd’hui"))
    groupe = page.get_by_role("button", name=re.compile("^2 offres, dont Luc"))
    expect(seule).to_be_visible()
    expect(groupe).to_have_text("×2")
    expect(page.get_by_role("button", name=re.compile("fond de plan"))).to_be_hidden()
    axe(page)

    groupe.focus()
    page.keyboard.press("Enter")
    bulle = page.get_by_role("dialog", name="Offres à cet endroit")
    expect(bulle).to_contain_text("Luc PETIT")
    expect(bulle).to_contain_text("Luc GRAND")
    expect(bulle.get_by_role("button").first).to_be_focused()
    axe(page)
    capture(page, "carte")
    bulle.get_by_role("button").first.focus()
    page.keyboard.press("Escape")
    expect(bulle).to_be_hidden()
    expect(groupe).to_be_focused()

    seule.click()
    page.get_by_role("button", name="Voir dans la liste : Camille MARTIN").click()
    expect(page.get_by_role("article", name="Camille MARTIN")).to_be_focused()
    page.get_by_role("button", name="Sur la carte : Camille MARTIN").click()
    expect(page.get_by_role("dialog", name="Offres à cet endroit")).to_contain_text("Camille MARTIN")


def test_un_nom_piege_reste_du_texte_sur_la_carte(page, connecter, regulateur, zone):
    zone.effecteur.nom = "<img src=x onerror=alert(1)>"
    zone.effecteur.save()
    projeter(zone)
    chercher(page)
    page.get_by_role("button", name="Voir la carte").click()

    page.get_by_role("button", name=re.compile("^1[.] Camille <img")).click()

    expect(page.locator(".sas-bulle__titre").first).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.locator(".sas-bulle img")).to_have_count(0)


def test_relancer_ici_ne_met_rien_dans_l_adresse(page, regulateur):
    chercher(page)
    avant = adresse(page, r"/recherche/[\w-]+/")[0]
    page.get_by_role("button", name="Voir la carte").click()
    plan = page.get_by_role("region", name=re.compile("^Carte.; la liste"))
    expect(plan).to_be_visible()
    expect(page.get_by_text("Carte affichée : 3 offres.")).to_be_visible()
    plan.focus()
    page.keyboard.press("ArrowRight")

    suivre(page.get_by_role("button", name="Relancer la recherche ici"))

    expect(page).to_have_url(RESULTATS)
    expect(page).not_to_have_url(re.compile(re.escape(avant)))
    expect(page.get_by_role("heading", level=1)).to_contain_text("résultats pour le point « Point choisi")
    expect(page.get_by_text("position : telle que donnée")).to_be_visible()
    expect(page.get_by_text("Carte affichée")).to_be_visible()  # elle était ouverte, elle le reste
