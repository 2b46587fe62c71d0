"""La page de résultats se tient à jour toute seule : sans recharger, sans perdre le clavier, sans changer l’ordre."""

import re
from collections.abc import Iterator
from datetime import datetime, time

import pytest
import time_machine
from playwright.sync_api import expect

from agenda.models import Disponibilite
from comptes.enums import Role
from tests.agenda.factories import DisponibiliteFactory
from tests.annuaire.factories import CommuneFactory, LieuExerciceFactory
from tests.comptes.factories import CompteFactory
from tests.navigateur import page_suivante, suivre
from tests.orientation.conftest import LUNDI_8H, projeter
from tests.participation.factories import ParticipationFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.navigateur]
SANS_FLUX = "delete window.EventSource;"


@pytest.fixture
def maintenant() -> Iterator[datetime]:
    with time_machine.travel(LUNDI_8H, tick=True):
        yield LUNDI_8H


@pytest.fixture(autouse=True)
def _flux_courts(settings):
    settings.DIRECT_DUREE_S = 1
    settings.DIRECT_PAUSE_S = 0


@pytest.fixture
def confrere(medecine_generale, maintenant):
    """Un second généraliste, libre à 11 h."""
    lieu = LieuExerciceFactory(lat=50.64)
    ParticipationFactory(effecteur=lieu.effecteur)
    DisponibiliteFactory(lieu=lieu, heure_debut=time(11), heure_fin=time(11, 20))
    projeter(lieu)
    return lieu


@pytest.fixture
def carte(page, connecter, creneau, confrere):
    """La carte de Camille MARTIN, libre à 9 h, dans la page de résultats ouverte."""
    CommuneFactory()
    connecter(CompteFactory(role=Role.OSNP))
    page.goto("/recherche/")
    page.get_by_label(re.compile("Spécialité")).fill("médecine générale")
    page.get_by_label(re.compile("Adresse")).fill("59000")
    with page_suivante(page):
        page.keyboard.press("Enter")
    carte = page.get_by_role("article", name="Camille MARTIN")
    expect(carte).to_contain_text("9\u00a0h – 9\u00a0h\u00a020")
    return carte


def ouvrir(lieu, debut: time) -> None:
    """L’agenda change derrière la page."""
    DisponibiliteFactory(lieu=lieu, heure_debut=debut, heure_fin=time(debut.hour, debut.minute + 20))
    projeter(lieu)


def retirer(lieu) -> None:
    Disponibilite.objects.filter(lieu=lieu).delete()
    projeter(lieu)


def test_un_creneau_qui_s_ouvre_apparait_sans_recharger(page, carte, lieu, axe, capture):
    page.evaluate("window.jamaisRechargee = true")

    ouvrir(lieu, time(10))

    expect(carte).to_contain_text("10\u00a0h – 10\u00a0h\u00a020")
    expect(carte.locator(".sas-creneau--nouveau")).to_have_count(1)
    expect(page.get_by_text("Camille MARTIN : un créneau de plus.")).to_be_attached()
    expect(page.locator("html")).to_be_attached()
    page.wait_for_function("window.jamaisRechargee === true")
    axe(page)
    capture(page, "resultats-a-jour")


def test_une_place_prise_par_un_autre_disparait(page, carte, lieu):
    retirer(lieu)

    expect(carte).to_contain_text("Aucun créneau libre dans les 3 jours")
    expect(page.get_by_text("Camille MARTIN : un créneau de moins.")).to_be_attached()


def test_l_ordre_ne_change_pas_sous_le_curseur_mais_se_signale(page, carte, lieu):
    retirer(lieu)
    signal = page.get_by_text("L’ordre de la liste a changé.")
    expect(signal).to_be_visible()
    expect(page.get_by_role("article").first).to_have_accessible_name("Camille MARTIN")

    suivre(page.get_by_role("link", name="Mettre la liste à jour"))

    expect(page.get_by_role("article").last).to_have_accessible_name("Camille MARTIN")
    expect(signal).to_be_hidden()


def test_le_clavier_reste_sur_son_creneau(page, carte, lieu):
    creneau = carte.get_by_role("link", name=re.compile("9.h – 9.h.20"))
    creneau.focus()

    ouvrir(lieu, time(8, 30))

    expect(carte).to_contain_text("8\u00a0h\u00a030 – 8\u00a0h\u00a050")
    expect(creneau).to_be_focused()


def test_le_clavier_va_au_titre_quand_son_creneau_disparait(page, carte, lieu):
    carte.get_by_role("link", name=re.compile("9.h – 9.h.20")).focus()

    retirer(lieu)

    expect(carte).to_contain_text("Aucun créneau libre")
    expect(carte.get_by_role("heading")).to_be_focused()


@pytest.mark.parametrize("sans", ["EventSource absent", "flux refusé"])
def test_sans_flux_la_page_demande(page, request, settings, sans, lieu):
    if sans == "EventSource absent":
        page.add_init_script(SANS_FLUX)
    else:
        settings.DIRECT_FLUX_MAX = 0
    carte = request.getfixturevalue("carte")

    ouvrir(lieu, time(10))

    expect(carte).to_contain_text("10\u00a0h – 10\u00a0h\u00a020")


@pytest.mark.parametrize("sans", ["", SANS_FLUX], ids=["flux", "demandes"])
def test_la_page_dit_toujours_de_quand_sont_ses_creneaux(page, request, sans):
    if sans:
        page.add_init_script(sans)
    request.getfixturevalue("carte")
    etat = page.locator("[data-sas-direct-etat]")
    expect(etat).to_have_text(re.compile(r"^à jour à 8.h" + ("$" if sans else ", suivis en direct$")))

    page.context.set_offline(True)

    expect(etat).to_have_text(re.compile(r"^de 8.h.*le serveur ne répond plus, nouvel essai dans 30 s"))
    expect(page.locator("[data-sas-direct-voix]")).to_contain_text("le serveur ne répond plus")
    page.context.set_offline(False)
