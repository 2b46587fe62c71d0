"""La vie d’une orientation dans un vrai navigateur, du premier appel à la réponse du médecin."""

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta

import pytest
import time_machine
from django.urls import reverse
from playwright.sync_api import expect

from comptes.enums import Role
from orientation.actions import orienter
from orientation.enums import Issue
from orientation.models import IssueOrientation, MotifRefus, NoteReleve, Orientation
from orientation.suivi import jetons
from tests.agenda.factories import DisponibiliteFactory
from tests.annuaire.factories import CommuneFactory, TerritoireFactory, habiliter
from tests.comptes.factories import CompteFactory
from tests.navigateur import page_suivante, suivre
from tests.orientation.conftest import LUNDI_8H, identifiant, projeter

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.navigateur]


@pytest.fixture
def maintenant() -> Iterator[datetime]:
    with time_machine.travel(LUNDI_8H, tick=True):
        yield LUNDI_8H


@pytest.fixture
def equipier(lieu):
    nord = TerritoireFactory(nom="SAS Nord", departements=[lieu.commune.departement])
    compte = CompteFactory(nom="Régule", prenom="Odile")
    habiliter(compte, Role.OSNP, territoire=nord)
    return compte


@pytest.fixture
def places(creneau):
    for heure in (10, 11):
        DisponibiliteFactory(lieu=creneau.lieu, heure_debut=time(heure), heure_fin=time(heure, 20))
    projeter(creneau.lieu)
    return creneau


def test_tenir_noter_confirmer_transmettre_corriger(page, connecter, equipier, places, axe, capture):
    MotifRefus.objects.create(libelle="Absent ou en congé")
    connecter(equipier)
    etape = reverse("orientation:orienter", args=[identifiant(places)])
    page.goto(etape)
    axe(page)
    suivre(page.get_by_role("button", name="Tenir la place 3 minutes"))
    expect(page.locator("[data-sas-minuteur]")).to_contain_text("encore")
    suivre(page.get_by_role("button", name="Prolonger de 3 minutes"))
    expect(page.get_by_role("button", name="Rendre la place")).to_be_visible()
    page.get_by_text("Noter ce que l’appel a donné").click()
    page.get_by_role("button", name="Noter le refus").click()
    # Le navigateur demande la raison sur place : rien n’est parti, rien n’est perdu.
    expect(page.get_by_role("combobox", name="Refus :")).to_be_focused()
    page.goto(f"{etape}?appel=sans_raison")
    expect(page.get_by_text("Choisissez la raison du refus.")).to_be_visible()
    axe(page)
    capture(page, "suivi-appel")
    suivre(page.get_by_role("button", name="Accepté"))
    suivre(page.get_by_role("button", name="Enregistrer"))
    suivre(page.get_by_role("button", name="Confirmer"))
    expect(page.get_by_text("Orientation enregistrée")).to_be_visible()

    suivre(page.get_by_role("link", name="À transmettre au patient"))
    expect(page.get_by_role("region", name="Bulletin")).to_contain_text("rappelez le 15")
    axe(page)
    capture(page, "suivi-bulletin")
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Imprimer")).to_be_hidden()
    # « À transmettre au patient » ne s’adresse pas à lui.
    expect(page.get_by_role("heading", level=1)).to_have_count(0)
    expect(page.get_by_role("region", name="Bulletin")).to_be_visible()
    page.emulate_media(media="screen")
    suivre(page.get_by_role("link", name="Revenir à l’orientation"))

    suivre(page.get_by_role("link", name="Corriger"))
    page.get_by_text("lundi 2 novembre 2026 à 11\u00a0h").click()
    page.get_by_label("Pourquoi").select_option("Le patient demande une autre heure")
    axe(page)
    capture(page, "suivi-correction")
    suivre(page.get_by_role("button", name="Corriger l’orientation"))
    expect(page.get_by_text("Vous avez adressé un patient")).to_contain_text("11\u00a0h")
    assert Orientation.objects.filter(annulee_le=None).count() == 1


def test_tenir_une_place_depuis_sa_carte(page, connecter, equipier, places, axe, capture):
    CommuneFactory()
    connecter(equipier)
    page.goto(reverse("orientation:recherche"))
    page.get_by_label(re.compile("Spécialité")).fill("médecine générale")
    page.get_by_label(re.compile("Adresse")).fill("59000")
    with page_suivante(page):
        page.keyboard.press("Enter")
    carte = page.get_by_role("article", name="Camille MARTIN")
    suivre(carte.get_by_role("button", name=re.compile("Tenir la place .* 9.h$")))

    tenue = page.get_by_role("region", name="Vous tenez une place")
    expect(tenue).to_contain_text("tenue par vous jusqu’à 8\u00a0h\u00a003")
    expect(tenue.locator("[data-sas-minuteur]")).to_contain_text("encore 2 min")
    expect(tenue.get_by_role("status")).to_contain_text("Vous tenez cette place")
    expect(carte.get_by_role("link", name=re.compile("tenue par vous"))).to_be_visible()
    axe(page)
    capture(page, "resultats-place-tenue")
    suivre(tenue.get_by_role("button", name="Prolonger de 3 minutes"))
    expect(tenue).to_contain_text("jusqu’à 8\u00a0h\u00a006")
    expect(tenue.get_by_role("button", name="Prolonger")).to_have_count(0)
    suivre(tenue.get_by_role("button", name="Rendre la place"))
    expect(tenue).to_have_count(0)
    expect(carte.get_by_role("button", name=re.compile("Tenir la place .* 9.h$"))).to_be_visible()


def test_le_suivi_de_l_equipe_et_ses_notes(page, connecter, equipier, places, axe, capture):
    orienter(acteur=equipier, cle="a", creneau_id=identifiant(places), maintenant=LUNDI_8H)
    connecter(equipier)
    page.goto(reverse("suivi:tableau"))
    page.get_by_text("Laisser une note à l’équipe suivante").click()
    page.get_by_label("Note pour l’équipe suivante").fill("Le Dr Martin rappelle à 14 h")
    suivre(page.get_by_role("button", name="Laisser la note"))
    expect(page.get_by_text("rappelle à 14 h")).to_be_visible()
    axe(page)
    capture(page, "suivi-tableau")
    assert NoteReleve.objects.count() == 1

    suivre(page.get_by_role("link", name="Voir l’orientation"))
    axe(page)
    capture(page, "suivi-fiche")


def test_le_medecin_repond_et_choisit_ses_avis(page, connecter, equipier, places, axe, capture):
    orientation = orienter(acteur=equipier, cle="a", creneau_id=identifiant(places), maintenant=LUNDI_8H)
    medecin = CompteFactory(
        role=Role.EFFECTEUR,
        identifiant_national=places.lieu.effecteur.identifiant_national,
        email="m@exemple.invalid",
    )
    with time_machine.travel(LUNDI_8H + timedelta(hours=3), tick=True):
        connecter(medecin)
        page.goto(reverse("suivi:issues"))
        axe(page)
        capture(page, "suivi-patients-adresses")
        suivre(page.get_by_role("button", name="Patient pas venu"))
        expect(page.get_by_text("C’est noté")).to_be_visible()

        page.goto(reverse("suivi:issue_par_lien", args=[jetons.sceller(orientation, medecin, Issue.VENU)]))
        axe(page)
        capture(page, "suivi-lien")
        suivre(page.get_by_role("button", name="Confirmer"))
        expect(page.get_by_text("C’est noté")).to_be_visible()
        assert [i.issue for i in IssueOrientation.objects.order_by("pk")] == [Issue.PAS_VENU, Issue.VENU]

        page.goto(reverse("suivi:avis"))
        page.get_by_text("Un résumé chaque soir").click()
        axe(page)
        capture(page, "suivi-avis")
        suivre(page.get_by_role("button", name="Enregistrer"))
        expect(page.get_by_text("Votre choix est enregistré")).to_be_visible()
