"""Parcours dans un vrai navigateur : le tableau de bord, la participation par ses quatre voies et ses refus."""

import re

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from playwright.sync_api import expect

from agenda.models import OffreLieu
from annuaire.models import LieuExercice
from participation.models import Participation, Sollicitation
from tests.agenda.factories import DisponibiliteFactory, IndisponibiliteFactory
from tests.agenda.tableau.conftest import LUNDI_8H
from tests.annuaire.factories import LieuExerciceFactory, StructureFactory
from tests.navigateur import suivre
from tests.participation.factories import ParticipationFactory, ParticipationStructureFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def formulaire(page, connecter, lieu, medecin, editeur):
    connecter(medecin)
    page.goto("/tableau-de-bord/participation/")
    expect(page.locator("[data-sas-si][hidden]").first).to_be_attached()
    return page


def cocher(page, texte: str) -> None:
    """Le libellé couvre la case (DSFR) : c’est lui qu’on touche."""
    page.locator("label", has_text=texte).locator("visible=true").first.click(position={"x": 2, "y": 8})


def verifier_et_enregistrer(page) -> None:
    suivre(page.get_by_role("button", name="Vérifier"))
    enregistrer(page)


def enregistrer(page) -> None:
    suivre(page.get_by_role("button", name="Enregistrer"))
    expect(page).to_have_url(re.compile("/tableau-de-bord/$"))


def test_le_tableau_de_bord_d_un_medecin(page, connecter, agenda, medecin, axe, capture):
    ParticipationFactory(effecteur=agenda.effecteur)
    LieuExercice.objects.update(informations_complementaires="Interphone au nom du cabinet, 2e étage.")
    Sollicitation.objects.create(lieu=agenda, telephone_prive="+33612345678", max_par_jour=2)
    second = LieuExerciceFactory(effecteur=agenda.effecteur, adresse="3 rue du Port", telephone="")
    IndisponibiliteFactory(lieu=second, periode=DateTimeTZRange(LUNDI_8H, None))
    connecter(medecin)

    page.goto("/tableau-de-bord/")

    axe(page)
    capture(page, "tableau-medecin")
    suivre(page.get_by_role("link", name=re.compile("Vos heures")))
    axe(page)
    capture(page, "tableau-releves")


def test_participer_par_son_logiciel_puis_en_refuser_l_affichage(formulaire, lieu, axe, capture):
    page = formulaire
    expect(page.locator("label", has_text="Je participe au SAS").first).to_be_visible()
    expect(page.get_by_text("Comment participez-vous")).to_be_hidden()
    axe(page)
    capture(page, "participation-vide")

    cocher(page, "Je participe au SAS")
    suivre(page.get_by_role("button", name="Vérifier"))
    expect(page.get_by_text("Veuillez indiquer comment vous participez au SAS.")).to_be_visible()
    axe(page)
    capture(page, "participation-refus")

    cocher(page, "À titre individuel")
    cocher(page, "Oui, je déclare sur l’honneur")
    cocher(page, "Logiciel fictif")
    expect(page.get_by_text("Je déclare sur l’honneur mettre en visibilité")).to_be_hidden()
    suivre(page.get_by_role("button", name="Vérifier"))
    expect(page.get_by_text("votre agenda saisi est fermé")).to_be_visible()
    axe(page)
    capture(page, "participation-verifier")
    enregistrer(page)
    assert Participation.objects.get().logiciels == ["logiciel"]

    page.goto("/tableau-de-bord/participation/")
    cocher(page, "Je refuse d’afficher")
    cocher(page, "Je déclare sur l’honneur mettre en visibilité")
    verifier_et_enregistrer(page)
    assert Participation.objects.get().refuse_affichage
    suivre(page.get_by_role("link", name="Historique de vos déclarations"))
    expect(page.get_by_text("Refus d’afficher les créneaux du logiciel")).to_be_visible()
    axe(page)
    capture(page, "participation-historique")


def test_participer_par_son_agenda_saisi(formulaire, lieu):
    page = formulaire
    cocher(page, "Je participe au SAS")
    cocher(page, "À titre individuel")
    cocher(page, "Non")
    suivre(page.get_by_role("button", name="Vérifier"))
    expect(page.get_by_text("Veuillez déclarer sur l’honneur")).to_be_visible()

    cocher(page, "Je déclare sur l’honneur mettre en visibilité")
    verifier_et_enregistrer(page)

    assert OffreLieu.objects.get(lieu=lieu).en_sus


@pytest.mark.parametrize(
    ("voie", "libelle", "champ"),
    [
        ("cpts", "Via ma CPTS", "Indiquez le nom de votre CPTS"),
        ("msp", "Via ma MSP", "Indiquez le nom de votre MSP"),
        ("sos", "Via mon association", "Indiquez le nom de votre association"),
    ],
)
def test_participer_par_une_structure(formulaire, lieu, capture, axe, voie, libelle, champ):
    page = formulaire
    structure = StructureFactory(**{voie: True}, nom="Étoile du Nord")
    cocher(page, "Je participe au SAS")
    cocher(page, libelle)
    page.get_by_label(champ).press_sequentially("étoile")
    expect(page.locator("datalist option").first).to_be_attached()
    if voie == "cpts":
        cocher(page, "12 rue Nationale")
    if voie != "sos":
        cocher(page, "Non")
        cocher(page, "Je déclare sur l’honneur mettre en visibilité")
    suivre(page.get_by_role("button", name="Vérifier"))
    axe(page)
    capture(page, f"participation-{voie}")

    # Le nom seul ne désigne personne : la page propose, un clic choisit et vérifie.
    suivre(page.get_by_role("button", name=re.compile("Étoile du Nord")))
    enregistrer(page)

    assert Participation.objects.get().structure == structure


def test_les_informations_et_les_consignes_d_un_lieu(page, connecter, lieu, medecin, axe, capture):
    connecter(medecin)
    page.goto("/tableau-de-bord/")

    suivre(page.get_by_role("link", name=re.compile("informations complémentaires")))
    axe(page)
    page.get_by_label("Informations complémentaires").fill("Porte bleue")
    capture(page, "tableau-informations")
    suivre(page.get_by_role("button", name="Enregistrer"))
    expect(page.get_by_text("Porte bleue")).to_be_visible()

    suivre(page.get_by_role("link", name=re.compile("les consignes")))
    axe(page)
    page.get_by_label("Patients en sus par jour").fill("5")
    page.get_by_label("Patients en sus par semaine").fill("3")
    suivre(page.get_by_role("button", name="Enregistrer"))
    expect(page.get_by_text("au moins celle d’un jour")).to_be_visible()
    axe(page)
    capture(page, "tableau-consignes")
    page.get_by_label("Patients en sus par semaine").fill("10")
    suivre(page.get_by_role("button", name="Enregistrer"))
    expect(page.get_by_text("10 en sus par semaine")).to_be_visible()


def test_le_gestionnaire_d_un_centre(page, connecter, centre, gestionnaire, lieu, axe, capture):
    ParticipationStructureFactory(structure=centre, nombre_effecteurs=2)
    accueil = LieuExerciceFactory(effecteur=None, structure=centre)
    DisponibiliteFactory(lieu=accueil, plage=True, hebdomadaire=True)
    LieuExerciceFactory(effecteur=lieu.effecteur, structure=centre)
    connecter(gestionnaire)

    page.goto("/tableau-de-bord/")
    axe(page)
    capture(page, "tableau-lies")
    suivre(page.get_by_role("link", name=re.compile("Centre de la Gare")))
    axe(page)
    capture(page, "tableau-structure")
    suivre(page.get_by_role("link", name="Éditer les paramètres"))
    axe(page)
    capture(page, "participation-structure")
    page.get_by_label("Nombre de professionnels").fill("0")
    suivre(page.get_by_role("button", name="Vérifier"))
    expect(page.get_by_text("au moins un professionnel de santé")).to_be_visible()
    expect(page.get_by_text("Des réponses sont à corriger")).to_be_visible()
    axe(page)
    capture(page, "participation-structure-refus")
    page.get_by_label("Nombre de professionnels").fill("4")
    suivre(page.get_by_role("button", name="Vérifier"))
    expect(page.get_by_text("8\u00a0heures de disponibilité par semaine sont attendues")).to_be_visible()
    axe(page)
    capture(page, "participation-structure-verifier")
    suivre(page.get_by_role("button", name="Enregistrer"))
    expect(page.get_by_text("4 professionnels de santé participants")).to_be_visible()
