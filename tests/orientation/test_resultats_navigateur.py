"""La page de résultats au navigateur : vide, filtres ouverts, échelle, CPTS ; sans JavaScript aussi."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from agenda.offre import rafraichir
from annuaire.enums import TypeStructure
from comptes.enums import Role
from comptes.models import Compte
from tests.agenda.factories import DisponibiliteFactory
from tests.annuaire.factories import (
    CommuneFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    SpecialiteFactory,
    StructureFactory,
)
from tests.comptes.factories import CompteFactory
from tests.navigateur import suivre
from tests.participation.factories import ParticipationFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.navigateur]


@pytest.fixture
def regulateur() -> Compte:
    return CompteFactory(role=Role.OSNP)


@pytest.fixture
def secteur():
    """Deux généralistes libres, dont un de la CPTS du secteur, deux autres membres sans créneau, un lieu plus loin."""
    lille = CommuneFactory()
    SpecialiteFactory()
    cpts = StructureFactory(type=TypeStructure.CPTS, nom="CPTS de la Métropole", telephone="+33320000000")
    cpts.communes_intervention.add(lille)
    demain = timezone.localdate() + timedelta(days=1)
    lieux = []
    for rang in range(3):
        effecteur = EffecteurFactory(conventionnement="secteur_2" if rang else "secteur_1")
        participation = ParticipationFactory(effecteur=effecteur, modalite="cpts", structure=cpts)
        lieux.append(LieuExerciceFactory(effecteur=effecteur))
        participation.lieux.add(lieux[-1])
    seul = LieuExerciceFactory(effecteur=EffecteurFactory(conventionnement="secteur_2"))
    loin = LieuExerciceFactory(lat=50.7435, lon=3.0635)
    for lieu, modalites in ((lieux[0], ["cabinet"]), (seul, ["teleconsultation"]), (loin, ["cabinet"])):
        DisponibiliteFactory(lieu=lieu, premier_jour=demain, modalites=modalites)
    lieux += [seul, loin]
    rafraichir([lieu.pk for lieu in lieux], timezone.now())
    return cpts


def chercher(page):
    page.goto("/recherche/")
    page.locator("[name=quoi]").fill("médecine générale")
    page.locator("[name=ou]").fill("Lille")
    suivre(page.get_by_role("button", name="Rechercher"))
    expect(page.get_by_role("status").filter(has_text="offre")).to_be_visible()


def test_des_filtres_a_la_page_de_la_cpts(page, connecter, regulateur, secteur, axe, capture):
    connecter(regulateur, page)
    chercher(page)
    expect(page.get_by_role("heading", name="CPTS de la Métropole")).to_be_visible()
    expect(page.get_by_role("heading", name="Peu de créneaux libres")).to_be_visible()
    axe(page)
    capture(page, "resultats-liste")

    suivre(page.get_by_role("link", name="Filtres et rayon"))
    page.get_by_text("Comment cette liste est classée").click()
    axe(page)
    capture(page, "resultats-filtres-ouverts")

    page.get_by_label("Téléconsultation (1)").check(force=True)
    suivre(page.get_by_role("button", name="Appliquer"))
    expect(page.locator("#compte")).to_contain_text("1 offre")
    suivre(page.get_by_role("button", name="Retirer le filtre Type de consultation"))
    expect(page.locator("#compte")).to_contain_text("4 offres")

    suivre(page.get_by_role("button", name="Voir tous les professionnels de CPTS de la Métropole"))
    expect(page.get_by_text("Résultats pour : CPTS de la Métropole")).to_be_visible()
    axe(page)
    capture(page, "resultats-cpts")
    suivre(page.get_by_role("link", name="Retour à la recherche"))
    expect(page.get_by_role("heading", name="médecine générale", exact=False)).to_be_visible()


def test_sans_javascript_on_filtre_et_l_on_elargit(ouvrir_page, connecter, regulateur, secteur):
    page = ouvrir_page(java_script_enabled=False)
    connecter(regulateur, page)
    chercher(page)

    suivre(page.get_by_role("link", name="Filtres et rayon"))
    page.get_by_label("Conventionné secteur 1 (1)").check(force=True)
    suivre(page.get_by_role("button", name="Appliquer"))
    expect(page.locator("#compte")).to_contain_text("1 offre")
    suivre(page.get_by_role("button", name="Retirer tous les filtres"))
    suivre(page.get_by_role("button", name="Élargir à 15 km :"))

    expect(page.locator("#compte")).to_contain_text("5 offres")


def test_sans_resultat_la_page_reste_lisible(page, connecter, regulateur, axe, capture):
    CommuneFactory()
    SpecialiteFactory()
    connecter(regulateur, page)

    chercher(page)

    expect(page.get_by_role("heading", name="Aucune offre de soins n’est disponible")).to_be_visible()
    axe(page)
    capture(page, "resultats-vide")
