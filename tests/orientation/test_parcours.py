"""Le métier dans un vrai navigateur : chercher, orienter, ne plus voir la place ; au clavier, au téléphone."""

import re
from collections.abc import Iterator
from datetime import datetime, time

import pytest
import time_machine
from playwright.sync_api import expect

from agenda.models import AgendaEditeur
from annuaire.enums import Conventionnement
from annuaire.models import LieuExercice
from comptes.enums import Role
from orientation.actions import orienter
from orientation.models import Orientation, Redirection
from participation.models import Participation
from tests.agenda.factories import DisponibiliteFactory
from tests.annuaire.factories import CommuneFactory, EffecteurFactory, LieuExerciceFactory
from tests.comptes.factories import CompteFactory
from tests.navigateur import adresse, page_suivante, suivre
from tests.orientation.conftest import LUNDI_8H, projeter
from tests.participation.factories import ParticipationFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.navigateur]
RESULTATS = re.compile(r"/recherche/[\w-]+/$")


@pytest.fixture
def maintenant() -> Iterator[datetime]:
    """L’horloge part du lundi 8 h mais avance : arrêtée, les délais du navigateur ne tomberaient jamais."""
    with time_machine.travel(LUNDI_8H, tick=True):
        yield LUNDI_8H


@pytest.fixture
def regulateur():
    return CompteFactory(role=Role.OSNP, nom="Régule", prenom="Odile")


@pytest.fixture
def zone(lieu, chez_l_editeur, maintenant):
    """Quatre offres à Lille : un agenda chargé avec une plage, un éditeur, deux confrères."""
    CommuneFactory()
    interface = chez_un_confrere(chez_l_editeur)
    Participation.objects.filter(effecteur=lieu.effecteur).update(
        utilise_logiciel=False, logiciels=[], declare_deux_heures=True
    )
    for quart in range(7):
        DisponibiliteFactory(
            lieu=lieu,
            heure_debut=time(10 + quart // 4, quart % 4 * 15),
            heure_fin=time(10 + quart // 4, quart % 4 * 15 + 14),
            jours=[1, 2, 3],
        )
    DisponibiliteFactory(
        lieu=lieu,
        plage=True,
        heure_debut=time(14),
        heure_fin=time(18),
        modalites=["cabinet", "teleconsultation", "domicile"],
    )
    lieu.informations_complementaires = (
        "Interphone au nom du cabinet, deuxième étage sans ascenseur.\n"
        "Je vois les enfants à partir de six ans. Me prévenir par téléphone si la visite est à domicile."
    )
    lieu.save()
    long = EffecteurFactory(
        prenom="Marie-Emmanuelle",
        nom="DE LA ROCHEFOUCAULD-MONTMORENCY-LAVAL",
        conventionnement=Conventionnement.SECTEUR_1_DP,
    )
    discret = LieuExerciceFactory(
        effecteur=long,
        lat=50.66,
        adresse="Résidence des Quatre-Cantons, bâtiment C, 128 boulevard de la Liberté",
    )
    DisponibiliteFactory(lieu=discret, heure_debut=time(16), heure_fin=time(16, 20))
    complet = LieuExerciceFactory(lat=50.67)
    ParticipationFactory(effecteur=complet.effecteur)
    projeter(lieu, discret, complet, interface)
    return lieu


def chez_un_confrere(agenda: AgendaEditeur) -> LieuExercice:
    """Qui montre les créneaux de son logiciel ne saisit pas d’agenda (A-06) : ils sont à un autre."""
    confrere = LieuExerciceFactory(effecteur=EffecteurFactory(nom="IMBERT", prenom="Florence"), lat=50.64)
    ParticipationFactory(effecteur=confrere.effecteur, interface=True)
    agenda.raccordement.effecteur = confrere.effecteur
    agenda.raccordement.save()
    agenda.lieu = confrere
    agenda.save()
    return confrere


def chercher(page) -> None:
    page.goto("/recherche/")
    page.get_by_role("combobox", name=re.compile("Spécialité")).fill("médecine g")
    page.get_by_role("option", name="Médecine générale").click()
    page.get_by_role("combobox", name=re.compile("Adresse")).fill("lille")
    page.get_by_role("option", name="Lille (59000)").click()
    suivre(page.get_by_role("button", name="Rechercher"))
    expect(page).to_have_url(RESULTATS)


def test_chercher_orienter_puis_ne_plus_voir_la_place(page, connecter, regulateur, zone, axe, capture):
    connecter(regulateur)
    page.goto("/recherche/")
    axe(page)
    capture(page, "recherche")
    chercher(page)
    expect(page).not_to_have_url(re.compile("lille", re.IGNORECASE))
    axe(page)
    capture(page, "resultats")

    suivre(page.get_by_role("link", name=re.compile("10.h – 10.h.14")).first)
    axe(page)
    capture(page, "orientation-1-saisie")
    suivre(page.get_by_role("button", name="Enregistrer"))
    axe(page)
    capture(page, "orientation-2-confirmation")
    suivre(page.get_by_role("button", name="Confirmer"))
    expect(page.get_by_text("Orientation enregistrée")).to_be_visible()
    axe(page)
    capture(page, "orientation-3-notification")
    suivre(page.get_by_role("link", name="Fermer"))

    carte = page.get_by_role("article", name="Camille MARTIN")
    aujourd_hui = carte.locator(".sas-jour").first
    expect(aujourd_hui).to_contain_text("10\u00a0h\u00a015")
    expect(aujourd_hui).not_to_contain_text("10\u00a0h –")
    assert Orientation.objects.count() == 1


def test_une_place_prise_par_un_autre_mene_a_des_alternatives(
    page, connecter, regulateur, zone, maintenant, axe, capture
):
    connecter(regulateur)
    chercher(page)
    suivre(page.get_by_role("link", name=re.compile("10.h – 10.h.14")).first)
    creneau_id = adresse(page, "/nouvelle/([^/]+)/")[1]
    suivre(page.get_by_role("button", name="Enregistrer"))
    orienter(acteur=CompteFactory(role=Role.IOA), cle="x", creneau_id=creneau_id, maintenant=LUNDI_8H)

    suivre(page.get_by_role("button", name="Confirmer"))

    expect(page.get_by_role("heading", name="Créneau indisponible")).to_be_visible()
    axe(page)
    capture(page, "orientation-indisponible")
    expect(page.get_by_role("heading", name="Autres créneaux du même lieu")).to_be_visible()
    suivre(page.get_by_role("link", name=re.compile("10.h.15 – 10.h.29")).first)
    expect(page.get_by_role("heading", name="Adresser un patient")).to_be_visible()


def test_orienter_hors_disponibilite_puis_annuler(page, connecter, regulateur, zone, axe, capture):
    connecter(regulateur)
    chercher(page)
    suivre(page.get_by_role("link", name=re.compile("Orientation hors disponibilité")).last)
    axe(page)
    capture(page, "orientation-en-sus")
    heure, jour = page.get_by_label("Heure"), page.get_by_label("Date")
    passee = heure.locator("option[value='07:45']")
    expect(passee).to_be_disabled()
    jour.fill("2026-11-03")
    expect(passee).to_be_enabled()
    heure.select_option("07:45")
    jour.fill("2026-11-02")
    # Redemandée, plutôt que remplacée par une autre.
    expect(heure).to_have_value("")
    heure.select_option("18:30")
    suivre(page.get_by_role("button", name="Enregistrer"))
    suivre(page.get_by_role("button", name="Confirmer"))
    expect(page.get_by_text("Orientation enregistrée")).to_be_visible()
    suivre(page.get_by_role("link", name="Mes orientations du jour"))
    axe(page)
    capture(page, "orientations-du-jour")

    suivre(page.get_by_role("link", name=re.compile("^Annuler")))
    axe(page)
    capture(page, "orientation-annulation")
    page.get_by_label("Pourquoi").select_option("Le patient ne s’y rendra pas")
    suivre(page.get_by_role("button", name="Annuler l’orientation"))

    expect(page.get_by_text("Orientation annulée")).to_be_visible()
    assert Orientation.objects.get().annulee_le is not None


def test_le_creneau_d_un_editeur_s_ouvre_dans_un_autre_onglet(page, connecter, regulateur, zone):
    """La politique de sécurité laisse partir le formulaire : un refus ferait échouer la fixture `page`."""
    connecter(regulateur)
    chercher(page)

    with (
        page.context.expect_page() as onglet,
        page.context.expect_event("response", lambda reponse: "/redirections/" in reponse.url) as depart,
    ):
        page.get_by_role("button", name=re.compile("Réserver chez l’éditeur")).click()

    assert depart.value.status == 303
    onglet.value.wait_for_function("window.opener === null")
    assert Redirection.objects.count() == 1
    expect(page).to_have_url(RESULTATS)


def test_tout_se_fait_au_clavier(page, connecter, regulateur, zone):
    connecter(regulateur)
    page.goto("/recherche/")
    quoi = page.get_by_role("combobox", name=re.compile("Spécialité"))
    quoi.focus()
    page.keyboard.type("médecine g")
    expect(page.get_by_role("option", name="Médecine générale")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(quoi).to_have_attribute("aria-activedescendant", re.compile("."))
    page.keyboard.press("Enter")
    expect(quoi).to_have_value("Médecine générale")
    expect(quoi).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Tab")  # « Vider le champ »
    page.keyboard.press("Tab")
    page.keyboard.type("lille")
    expect(page.get_by_role("option", name="Lille (59000)")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name=re.compile("Adresse"))).to_have_value("Lille (59000)")
    with page_suivante(page):
        page.keyboard.press("Enter")
    expect(page).to_have_url(RESULTATS)

    for bouton, etape in (
        ("10\u00a0h – 10\u00a0h\u00a014", "Étape 1 sur 3"),
        ("Enregistrer", "Étape 2 sur 3"),
        ("Confirmer", "Étape 3 sur 3"),
    ):
        _avancer_jusqu_a(page, bouton)
        with page_suivante(page):
            page.keyboard.press("Enter")
        expect(page.get_by_text(etape)).to_be_visible()

    expect(page.get_by_text("Orientation enregistrée")).to_be_visible()
    assert Orientation.objects.count() == 1


def test_un_numero_de_departement_se_propose_des_son_second_chiffre(page, connecter, regulateur, zone):
    connecter(regulateur)
    page.goto("/recherche/")
    ou = page.get_by_role("combobox", name=re.compile("Adresse"))

    ou.press_sequentially("59")

    expect(page.get_by_role("option", name="Nord (59)")).to_be_visible()


def test_echap_ferme_la_liste_sans_vider_le_champ(page, connecter, regulateur, zone):
    connecter(regulateur)
    page.goto("/recherche/")
    ou = page.get_by_role("combobox", name=re.compile("Adresse"))
    ou.fill("lille")
    expect(page.get_by_role("option", name="Lille (59000)")).to_be_visible()

    page.keyboard.press("Escape")

    expect(ou).to_have_attribute("aria-expanded", "false")
    expect(ou).to_have_value("lille")


def test_session_finie_les_suggestions_ne_montrent_pas_la_page_de_connexion(
    page, connecter, regulateur, zone
):
    connecter(regulateur)
    page.goto("/recherche/")
    page.context.clear_cookies(name="sas_session")

    page.get_by_role("combobox", name=re.compile("Adresse")).fill("lille")

    expect(page.get_by_text("Les suggestions sont indisponibles")).to_be_attached()
    expect(page.locator("#id_ou-options")).to_be_empty()


def test_rien_de_libre_et_les_erreurs_se_lisent(page, connecter, regulateur, lieu, maintenant, axe, capture):
    CommuneFactory()
    projeter(lieu)
    connecter(regulateur)
    page.goto("/recherche/")
    page.get_by_label(re.compile("Spécialité")).fill("plomberie")
    page.get_by_label(re.compile("Adresse")).fill("Zzyzx")
    suivre(page.get_by_role("button", name="Rechercher"))
    expect(page.get_by_text("n’est pas reconnue")).to_be_visible()
    axe(page)
    capture(page, "recherche-erreurs")

    chercher(page)

    expect(page.get_by_text("Aucune offre de soins n’est disponible")).to_be_visible()
    axe(page)
    capture(page, "resultats-hors-disponibilite")


def test_deux_communes_de_meme_nom_se_departagent(
    page, connecter, regulateur, lieu, maintenant, axe, capture
):
    CommuneFactory(reunion=True, code_insee="93066", codes_postaux=["93200"])
    CommuneFactory(reunion=True)
    connecter(regulateur)
    page.goto("/recherche/")
    page.get_by_label(re.compile("Spécialité")).fill("médecine générale")
    page.get_by_label(re.compile("Adresse")).fill("saint denis")
    suivre(page.get_by_role("button", name="Rechercher"))
    expect(page.get_by_text("Vouliez-vous dire")).to_be_visible()
    axe(page)
    capture(page, "recherche-homonymes")

    suivre(page.get_by_role("button", name="Saint-Denis (97400)"))

    expect(page.locator("h1")).to_have_text(re.compile(r"Saint-Denis.*\(97400\)", re.DOTALL))


def test_sans_javascript_on_cherche_et_on_oriente(ouvrir_page, connecter, regulateur, zone):
    page = ouvrir_page(java_script_enabled=False)
    connecter(regulateur, page)
    page.goto("/recherche/")
    page.fill("[name=quoi]", "médecine générale")
    page.fill("[name=ou]", "59000")
    suivre(page.locator("main").get_by_role("button", name="Rechercher"))

    suivre(page.get_by_role("link", name=re.compile("10.h – 10.h.14")).first)
    suivre(page.get_by_role("button", name="Enregistrer"))
    suivre(page.get_by_role("button", name="Confirmer"))

    expect(page.locator("main")).to_contain_text("Vous avez adressé un patient")


def _avancer_jusqu_a(page, texte: str) -> None:
    """Tabule jusqu’à l’élément qui porte ce texte."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if texte in page.evaluate(
            "document.activeElement.matches('a, button') ? document.activeElement.textContent : ''"
        ):
            return
    pytest.fail(f"« {texte} » n’est pas atteint au clavier")
