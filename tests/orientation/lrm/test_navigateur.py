"""Le clic d’un LRM dans un vrai navigateur : identification, résultats, formulaire à compléter, page d’essai."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from agenda.offre import rafraichir
from orientation.models import LogicielRegulation
from sas_platform.demo.personas import creer_comptes
from tests.agenda.factories import DisponibiliteFactory
from tests.annuaire.factories import CommuneFactory, EffecteurFactory, LieuExerciceFactory, SpecialiteFactory
from tests.navigateur import page_suivante, suivre
from tests.orientation.lrm.conftest import DOMICILE, ORIGINE
from tests.participation.factories import ParticipationFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def comptes(psc, serveur):
    psc.redirections = [f"{serveur}/oidc/callback/"]
    return creer_comptes()


@pytest.fixture
def monde():
    LogicielRegulation.objects.create(
        code=ORIGINE, nom="LRM fictif", contact="le service informatique du SAMU 59"
    )
    SpecialiteFactory()
    CommuneFactory()
    effecteur = EffecteurFactory(nom="MARTIN", prenom="Camille")
    ParticipationFactory(effecteur=effecteur)
    lieu = LieuExerciceFactory(effecteur=effecteur)
    demain = timezone.localdate(timezone.now()) + timedelta(days=1)
    DisponibiliteFactory(lieu=lieu, premier_jour=demain)
    rafraichir([lieu.pk], timezone.now())
    return effecteur


def lien(**parametres: str) -> str:
    return f"/recherche/?{urlencode({'origin': ORIGINE} | parametres)}"


def test_un_clic_anonyme_passe_par_pro_sante_connect_et_arrive_aux_resultats(
    page, comptes, monde, axe, capture
):
    page.goto(lien(**DOMICILE, practitioner="Dr Martin"))
    expect(page.locator('[data-persona="osnp"]')).to_be_visible()
    expect(page).not_to_have_url(re.compile("Nationale"))
    suivre(page.locator('[data-persona="osnp"]'))

    expect(page).to_have_url(re.compile(r"/recherche/[\w-]+/$"))
    expect(page.locator("h1")).to_contain_text("Lille")
    expect(page.get_by_text("MARTIN").first).to_be_visible()
    expect(page.locator("[data-sas-avis]")).to_have_count(0)
    axe(page)
    capture(page, "lrm-resultats")


def test_un_medecin_traitant_non_reconnu_se_lit_sous_le_titre(page, comptes, monde, connecter, axe, capture):
    connecter(comptes["osnp"])
    page.goto(lien(**DOMICILE, practitioner="Dr Inconnu"))

    expect(page.locator("[data-sas-avis]")).to_contain_text("n’a pas pu être identifié")
    axe(page)
    capture(page, "lrm-medecin-inconnu")


def test_un_appel_incomplet_se_complete_sans_rien_ressaisir(page, comptes, monde, connecter, axe, capture):
    connecter(comptes["osnp"])
    page.goto(lien(city="Lille", streetnumber="12", practitioner="Martin"))

    expect(page.locator("[data-sas-a-completer]")).to_be_visible()
    expect(page.get_by_label("Médecin traitant")).to_have_value("Camille MARTIN")
    axe(page)
    capture(page, "lrm-a-completer")
    page.get_by_label("Adresse").first.fill("Lille")
    with page_suivante(page):
        page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Lille")


def test_une_origine_inconnue_dit_quoi_faire_et_laisse_chercher(
    page, comptes, monde, connecter, axe, capture
):
    connecter(comptes["osnp"])
    page.goto(lien(**DOMICILE | {"origin": "fr.autre"}))

    expect(page.locator("[data-sas-origine-refusee]")).to_be_visible()
    axe(page)
    capture(page, "lrm-origine-refusee")
    suivre(page.get_by_role("button", name="Rechercher", exact=True))
    expect(page.locator("h1")).to_contain_text("Lille")


def test_la_page_d_essai_dit_ce_qu_elle_comprend(page, monde, axe, capture):
    page.goto("/lrm/essai/")
    axe(page)
    page.get_by_label("Origine (origin)").fill(ORIGINE)
    page.get_by_label("Commune (city)").fill("Lille")
    page.get_by_label("Médecin traitant (practitioner)").fill("urn:oid:1.2|3")
    suivre(page.get_by_role("button", name="Voir ce qui est compris"))

    expect(page.locator("[data-sas-verdict]")).to_contain_text("droit aux résultats")
    axe(page)
    capture(page, "lrm-essai")
