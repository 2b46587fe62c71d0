"""Dans un navigateur : d’une question sans réponse à la réponse d’un gestionnaire, au clavier et au téléphone."""

import re

import pytest
from playwright.sync_api import expect

from assistance.enums import Profil
from assistance.models import PageFormation, Ressource, Ticket
from comptes.enums import Role
from tests.assistance.factories import BanniereFactory, PerimetreFactory, TerritoireFactory
from tests.assistance.fichiers import EXE, JPEG, PDF, png
from tests.comptes.factories import CompteFactory
from tests.navigateur import page_suivante, suivre

pytestmark = pytest.mark.usefixtures("transactional_db", "contenus")


@pytest.fixture
def territoire():
    return TerritoireFactory(nom="SAS de démonstration")


def membre(role, territoire, **champs):
    compte = CompteFactory(role=role, **champs)
    PerimetreFactory(habilitation=compte.habilitations.get(role=role), territoire=territoire)
    return compte


def fichier(nom, contenu):
    return {"name": nom, "mimeType": "application/octet-stream", "buffer": contenu}


def test_une_question_devient_une_demande_puis_une_reponse(page, connecter, axe, capture, territoire):
    osnp = membre(Role.OSNP, territoire, prenom="Camille", nom="Osmont")
    gestionnaire = membre(Role.GESTIONNAIRE_COMPTES, territoire, prenom="Gaëlle", nom="Comte")
    connecter(osnp)

    page.goto("/faq/")
    axe(page)
    capture(page, "faq")
    page.fill("#recherche-aide", "adresse electronique")
    with page_suivante(page):
        page.press("#recherche-aide", "Enter")
    page.click("text=Comment changer mon adresse électronique")
    expect(page.get_by_text("Un courriel part à la nouvelle adresse")).to_be_visible()
    axe(page)
    suivre(page.get_by_role("link", name="Formulaire de contact"))
    axe(page)
    page.select_option("#id_theme", label="Mise à jour des informations de mon profil")
    page.fill("#id_telephone", "0033 6 12 34 56 78")
    page.fill("#id_message", "Mon territoire a changé.")
    page.set_input_files("#id_fichiers", [fichier("notice.pdf", EXE)])
    suivre(page.locator("button:has-text('Envoyer')"))

    expect(page.get_by_text("son contenu n’est pas celui que son nom annonce").first).to_be_visible()
    expect(page.locator("#id_message")).to_have_value("Mon territoire a changé.")
    axe(page)
    capture(page, "contact-erreur")

    pieces = [fichier("capture.png", png()), fichier("notice.pdf", PDF), fichier("photo.jpg", JPEG)]
    page.set_input_files("#id_fichiers", pieces)
    suivre(page.locator("button:has-text('Envoyer')"))
    expect(page).to_have_url(re.compile("/assistance/demandes/SAS-[^/]+/$"))
    numero = Ticket.objects.get().numero
    expect(page.locator("h1")).to_contain_text(numero)
    axe(page)
    capture(page, "demande")

    connecter(gestionnaire)
    page.goto("/")
    suivre(page.locator("nav#menu >> text=Demandes d’assistance"))
    axe(page)
    capture(page, "traitement")
    suivre(page.get_by_text(numero))
    with page.expect_download() as telechargement:
        page.click("text=notice.pdf")
    assert telechargement.value.suggested_filename == "notice.pdf"
    suivre(page.locator("button:has-text('Prendre')"))
    page.fill("#id_texte", "Votre territoire est à jour.")
    suivre(page.locator("main form[action$='repondre/'] button"))
    axe(page)
    capture(page, "traiter")

    connecter(osnp)
    page.goto("/assistance/demandes/")
    axe(page)
    capture(page, "demandes")
    suivre(page.get_by_text(numero))
    expect(page.get_by_text("Votre territoire est à jour.")).to_be_visible()
    suivre(page.get_by_text("mon problème est réglé"))
    expect(page.get_by_text("La demande est close").first).to_be_visible()


def test_sans_compte_on_ecrit_en_deux_etapes_et_on_suit_par_un_lien(page, axe, capture, territoire):
    page.goto("/assistance/")
    axe(page)
    capture(page, "contact-profil")
    suivre(page.locator("button:has-text('Continuer')"))
    axe(page)
    capture(page, "contact-anonyme")
    page.select_option("#id_theme", label="Perte de login ou de mot de passe")
    for champ, valeur in {
        "nom": "Fictif",
        "prenom": "Alix",
        "telephone": "0262 12 34 56",
        "email": "alix@exemple.invalid",
        "message": "J’ai perdu mon login.",
    }.items():
        page.fill(f"#id_{champ}", valeur)
    page.select_option("#id_territoire", label="SAS de démonstration")
    suivre(page.locator("button:has-text('Envoyer')"))

    expect(page).to_have_url(re.compile("/assistance/suivi/[^/]+/$"))
    expect(page.get_by_text("Gardez l’adresse de cette page")).to_be_visible()
    axe(page)
    capture(page, "suivi")


def test_la_formation_se_lit_page_a_page(page, connecter, axe, capture, horloge):
    BanniereFactory(public="tous", niveau="warning", lien="https://exemple.invalid/")
    ioa = PageFormation.objects.filter(profil=Profil.IOA).order_by("ordre", "pk").first()
    Ressource.objects.create(
        page=ioa, titre="Découvrir", video="https://video.exemple.invalid/", transcription="Bonjour."
    )
    connecter(CompteFactory(role=Role.IOA))

    page.goto("/formation/")
    axe(page)
    capture(page, "formation")
    suivre(page.locator("main >> text=Commencer"))
    page.click("text=Transcription")
    expect(page.get_by_text("Bonjour.")).to_be_visible()
    axe(page)
    capture(page, "formation-page")
    suivre(page.locator("main >> text=Suivant"))
    expect(page.locator("h1")).to_have_text("Se connecter et se déconnecter")
    axe(page)


def test_les_pages_publiques_sont_accessibles(page, axe, capture):
    for chemin, nom in (
        ("/", "accueil-anonyme"),
        ("/plan/", "plan"),
        ("/mentions-legales/", "mentions-legales"),
        ("/donnees-personnelles/", "donnees-personnelles"),
        ("/accessibilite/", "accessibilite"),
        ("/rien/", "404"),
    ):
        page.goto(chemin)
        axe(page)
        capture(page, nom)


def test_l_accueil_d_une_personne_a_plusieurs_roles(page, connecter, axe, capture, territoire):
    compte = membre(Role.GESTIONNAIRE_COMPTES, territoire, prenom="Gaëlle", nom="Comte")
    compte.habilitations.create(role=Role.REFERENT)
    connecter(compte)

    page.goto("/")
    axe(page)
    capture(page, "accueil-gestionnaire")


def test_sans_javascript_les_reponses_se_lisent(ouvrir_page):
    page = ouvrir_page(java_script_enabled=False)
    page.goto("/faq/")

    expect(page.get_by_text("Votre login est votre adresse électronique")).to_be_visible()
