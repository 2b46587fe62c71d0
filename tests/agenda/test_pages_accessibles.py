"""Les pages et les états de l’agenda qu’aucun parcours ne traverse : noms longs, pages vides, lectures en cours."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from agenda.models import CalendrierExterne
from agenda.offre import rafraichir
from annuaire.models import Delegation, LieuExercice
from comptes.enums import Role
from participation.actions import declarer_structure
from tests.agenda.factories import DisponibiliteFactory
from tests.annuaire.factories import (
    EffecteurFactory,
    LieuExerciceFactory,
    SpecialiteFactory,
    StructureFactory,
    habiliter,
)
from tests.comptes.factories import DEBUT, CompteFactory
from tests.navigateur import TAILLES, verifier_la_largeur

pytestmark = pytest.mark.django_db(transaction=True)

MAINTENANT = dt.datetime(2026, 11, 23, 7, tzinfo=dt.UTC)
LONG = "DE LA ROCHEFOUCAULD-MONTMORENCY-LAVAL"
TELEPHONE = {"width": 375, "height": 812}


@pytest.fixture(autouse=True)
def heure_fixe():
    with time_machine.travel(MAINTENANT, tick=False):
        yield


def un_lieu() -> LieuExercice:
    SpecialiteFactory()
    effecteur = EffecteurFactory(nom=LONG, prenom="Marie-Emmanuelle")
    return LieuExerciceFactory(
        effecteur=effecteur, adresse="Résidence des Quatre-Cantons, bâtiment C, 128 boulevard de la Liberté"
    )


def un_tableau_vu_par_la_secretaire(lieu):
    DisponibiliteFactory(lieu=lieu, plage=True, premier_jour=MAINTENANT.date(), jours=[1, 2, 3])
    rafraichir([lieu.pk], MAINTENANT)
    return la_secretaire(lieu), reverse("tableau:professionnel", args=[lieu.effecteur_id])


def la_secretaire(lieu):
    compte = CompteFactory(role=Role.DELEGATAIRE)
    Delegation.objects.create(
        delegataire=compte,
        effecteur=lieu.effecteur,
        debut_le=DEBUT,
        consentie_le=DEBUT,
        consentie_par=le_medecin(lieu),
    )
    return compte


def le_medecin(lieu):
    return CompteFactory(effecteur=True, identifiant_national=lieu.effecteur.identifiant_national)


def le_gestionnaire(structure):
    compte = CompteFactory()
    habiliter(compte, Role.GESTIONNAIRE_STRUCTURE, structure=structure)
    return compte


def centre():
    return StructureFactory(nom="Centre de santé pluriprofessionnel de la Vallée-de-la-Haute-Deûle")


def l_histoire_d_un_centre(lieu):
    structure = centre()
    gestionnaire = le_gestionnaire(structure)
    declarer_structure(
        structure=structure,
        participe=True,
        declare_deux_heures=True,
        nombre_effecteurs=12,
        auteur=gestionnaire,
        maintenant=MAINTENANT,
    )
    return gestionnaire, reverse("tableau:historique_structure", args=[structure.pk])


def un_centre_qui_n_a_rien(lieu):
    structure = centre()
    return le_gestionnaire(structure), reverse("tableau:structure", args=[structure.pk])


def un_medecin_sans_adresse(lieu):
    return CompteFactory(effecteur=True), reverse("tableau:accueil")


def un_tableau_vide(lieu):
    return le_medecin(lieu), reverse("tableau:accueil")


def une_histoire_vide(lieu):
    return le_medecin(lieu), reverse("tableau:historique")


def un_agenda_vide(lieu):
    return le_medecin(lieu), reverse("agenda:semaine", args=[lieu.pk])


def une_semaine_a_imprimer(lieu):
    DisponibiliteFactory(
        lieu=lieu,
        plage=True,
        premier_jour=MAINTENANT.date(),
        jours=[1, 2, 3],
        modalites=["cabinet", "teleconsultation", "domicile"],
    )
    return le_medecin(lieu), reverse("agenda:imprimer", args=[lieu.pk])


def des_calendriers_en_lecture_et_en_panne(lieu):
    communs = {"lieu": lieu, "cree_le": MAINTENANT}
    CalendrierExterne.objects.create(
        url="https://agenda-partage-de-la-maison-de-sante.exemple.fr/a.ics", demande_le=MAINTENANT, **communs
    )
    CalendrierExterne.objects.create(
        url="https://b.exemple.fr/a.ics", essaye_le=MAINTENANT, echec="Ce site ne répond pas.", **communs
    )
    return le_medecin(lieu), reverse("echanges:externes", args=[lieu.pk])


def un_lieu_que_la_recherche_ignore(lieu):
    return le_medecin(lieu), reverse("vu:lieu", args=[lieu.pk])


ETATS = [
    un_tableau_vu_par_la_secretaire,
    l_histoire_d_un_centre,
    un_centre_qui_n_a_rien,
    un_medecin_sans_adresse,
    un_tableau_vide,
    une_histoire_vide,
    un_agenda_vide,
    une_semaine_a_imprimer,
    des_calendriers_en_lecture_et_en_panne,
    un_lieu_que_la_recherche_ignore,
]


def test_chaque_etat_est_accessible_et_tient_dans_un_telephone(page, connecter, axe):
    for etat in ETATS:
        compte, url = etat(un_lieu())
        connecter(compte)
        page.set_viewport_size(TAILLES["bureau"])

        assert page.goto(url).ok, etat.__name__
        axe(page)
        page.set_viewport_size(TELEPHONE)
        verifier_la_largeur(page)
