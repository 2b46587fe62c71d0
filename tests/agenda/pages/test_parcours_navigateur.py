"""De bout en bout, au navigateur : de l’agenda à la recherche de la régulation ; de la connexion à la saisie, au clavier."""

import re
from datetime import UTC, datetime

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from agenda.models import Disponibilite
from agenda.offre import rafraichir
from annuaire.models import Delegation
from comptes.cgu import accepter
from comptes.models import VersionCGU
from tests.agenda.pages.conftest import MAINTENANT
from tests.annuaire.factories import CommuneFactory
from tests.comptes.factories import CompteFactory
from tests.navigateur import page_suivante, suivre

pytestmark = pytest.mark.django_db(transaction=True)

MOT_DE_PASSE = "Tournesol-Violet-42"
PAS_MAX = 120  # de tabulation, avant de dire que l’on n’y arrive pas


@pytest.fixture
def regulation(ouvrir_page, connecter, lieu):
    """La régulation dans un autre navigateur : `regulation()` refait sa recherche et rend la carte du lieu."""
    CommuneFactory()
    rafraichir([lieu.pk], MAINTENANT)
    page = ouvrir_page()
    connecter(CompteFactory(osnp=True), page)

    def chercher():
        page.goto("/recherche/")
        page.get_by_role("combobox", name=re.compile("Spécialité")).fill("Médecine générale")
        page.get_by_role("combobox", name=re.compile("Adresse")).fill("Lille (59000)")
        suivre(page.get_by_role("button", name="Rechercher"))
        return page.get_by_role("article", name=str(lieu.effecteur))

    return chercher


def jour(carte, rang: int):
    """La colonne d’aujourd’hui (0), de demain (1), d’après-demain (2)."""
    return carte.locator(".sas-jour").nth(rang)


def test_ce_que_le_medecin_change_la_regulation_le_trouve(
    page, connecter, medecin, lieu, adresse, regulation
):
    connecter(medecin)
    page.goto(adresse("ouvrir") + "?jour=2026-11-24&de=09:00&a=11:00")
    page.get_by_label("Nombre de patients").fill("3")
    page.get_by_text("Mardi", exact=True).click()
    page.get_by_text("Mercredi", exact=True).click()
    suivre(page.get_by_role("button", name="Enregistrer"))
    carte = regulation()
    expect(jour(carte, 1)).to_contain_text("9\u00a0h – 11\u00a0h")
    expect(jour(carte, 2)).to_contain_text("9\u00a0h – 11\u00a0h")

    suivre(page.get_by_role("link", name="Modifier\u00a0: mercredi 25 novembre 2026"))
    page.get_by_label("De", exact=True).fill("14:00")
    page.get_by_label("À", exact=True).fill("16:00")
    suivre(page.get_by_role("button", name="Enregistrer"))
    carte = regulation()
    expect(jour(carte, 1)).to_contain_text("9\u00a0h – 11\u00a0h")
    expect(jour(carte, 2)).to_contain_text("14\u00a0h – 16\u00a0h")
    expect(jour(carte, 2)).not_to_contain_text("9\u00a0h")

    suivre(page.get_by_role("link", name="Indisponibilités"))
    page.get_by_text("Dès maintenant pour une durée indéterminée").click()
    suivre(page.get_by_role("button", name="Enregistrer"))
    carte = regulation()
    expect(carte.get_by_text("14\u00a0h – 16\u00a0h")).to_have_count(0)
    expect(carte.get_by_text("9\u00a0h – 11\u00a0h")).to_have_count(0)

    suivre(page.get_by_role("button", name="Rouvrir maintenant"))
    carte = regulation()
    expect(jour(carte, 1)).to_contain_text("9\u00a0h – 11\u00a0h")
    expect(jour(carte, 2)).to_contain_text("14\u00a0h – 16\u00a0h")


@pytest.fixture
def secretaire_locale(secretaire, settings):
    """La secrétaire, avec un mot de passe et les conditions acceptées."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    version, _ = VersionCGU.objects.get_or_create(
        numero="1.0", defaults={"texte": "# 1. Objet", "publiee_le": datetime(2026, 1, 1, tzinfo=UTC)}
    )
    secretaire.set_password(MOT_DE_PASSE)
    secretaire.mot_de_passe_change_le = MAINTENANT
    secretaire.save()
    accepter(compte=secretaire, version=version, maintenant=timezone.now())
    return secretaire


def test_de_la_connexion_a_une_semaine_ouverte_sans_autre_touche_que_celles_du_clavier(
    page, secretaire_locale, lieu
):
    """Tabulation, Espace, Entrée et le texte : chaque élément se trouve dans l’ordre de la page."""
    Delegation.objects.get().lieux.clear()

    def atteindre(cible) -> None:
        cible.wait_for()
        for _ in range(PAS_MAX):
            if cible.evaluate("e => e === document.activeElement"):
                return
            page.keyboard.press("Tab")
        pytest.fail(f"la tabulation n’atteint pas {cible}")

    def activer(cible) -> None:
        atteindre(cible)
        with page_suivante(page):
            page.keyboard.press("Enter")

    def remplir(champ, texte: str) -> None:
        atteindre(champ)
        page.keyboard.press("Control+A")
        page.keyboard.type(texte)

    page.goto("/compte/connexion/")
    remplir(page.get_by_label("Adresse électronique"), secretaire_locale.email)
    remplir(page.get_by_label("Mot de passe", exact=True), MOT_DE_PASSE)
    activer(page.get_by_role("button", name="Connexion"))

    activer(page.get_by_role("link", name=f"Voir détail : {lieu.effecteur}"))
    activer(page.get_by_role("link", name=re.compile("déclarer des disponibilités")))
    activer(page.get_by_role("link", name="Ouvrir des disponibilités", exact=True))
    remplir(page.get_by_label("Nombre de patients"), "2")
    for libelle in ("Mardi", "Jeudi"):
        atteindre(page.get_by_label(libelle, exact=True))
        page.keyboard.press("Space")
    activer(page.get_by_role("button", name="Enregistrer"))

    expect(page.locator("#messages")).to_contain_text("La disponibilité est ouverte.")
    expect(page.get_by_role("link", name=re.compile("Modifier.*mardi 24 novembre 2026"))).to_be_visible()
    ouverte = Disponibilite.objects.get()
    assert (ouverte.lieu, ouverte.jours, ouverte.capacite) == (lieu, [2, 4], 2)
