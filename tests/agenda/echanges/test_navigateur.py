"""Importer un planning dans un vrai navigateur : se tromper, corriger, confirmer, revenir en arrière."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from agenda.models import Disponibilite
from tests.agenda.echanges.classeurs import classeur
from tests.agenda.echanges.conftest import MAINTENANT
from tests.agenda.echanges.test_expansion import ics
from tests.navigateur import suivre

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("heure_fixe")]
ENTETE = ["lieu", "jour", "de", "a", "genre", "patients", "types", "semaines"]


def joindre(page, *lignes: list[str]) -> None:
    page.get_by_label("Planning, en CSV ou en ODS").set_input_files(
        {"name": "planning.ods", "mimeType": "", "buffer": classeur(ENTETE, *lignes)}
    )
    suivre(page.get_by_role("button", name="Relire ce planning"))


def test_un_centre_importe_son_planning_et_l_annule(page, connecter, gestionnaire, lieux, axe, capture):
    bonnes = [[str(lieu.pk), "lundi, jeudi", "9:00", "12:00", "plage", "6", "cabinet", "1"] for lieu in lieux]
    connecter(gestionnaire)
    page.goto(reverse("echanges:planning"))
    axe(page)
    capture(page, "planning-envoyer")

    joindre(page, bonnes[0], [*bonnes[1][:2], "25:00", *bonnes[1][3:]])
    expect(page.get_by_role("cell", name="Cette heure ne se lit pas")).to_be_visible()
    axe(page)
    capture(page, "planning-fautes")

    joindre(page, *bonnes)
    expect(page.get_by_text("ouvrirait 2 disponibilités")).to_be_visible()
    assert Disponibilite.objects.count() == 0
    axe(page)
    capture(page, "planning-relu")

    suivre(page.get_by_role("button", name="Confirmer l’import"))
    expect(page.get_by_text("2 disponibilités ouvertes.")).to_be_visible()
    assert Disponibilite.objects.count() == 2
    axe(page)
    capture(page, "planning-importe")

    suivre(page.get_by_role("button", name="Annuler tout l’import"))
    expect(page.get_by_text("L’import est annulé")).to_be_visible()
    assert Disponibilite.objects.count() == 0


def test_un_medecin_publie_son_agenda_puis_revoque_le_lien(page, connecter, medecin, axe, capture):
    connecter(medecin)
    page.goto(reverse("echanges:liens"))
    suivre(page.get_by_role("button", name="Créer le lien"))
    expect(page.get_by_label("Adresse à ajouter")).to_have_value(re.compile("/agenda[.]ics$"))
    axe(page)
    capture(page, "liens-calendrier")

    suivre(page.get_by_role("button", name="Révoquer"))
    expect(page.get_by_text("Ce lien est révoqué")).to_be_visible()
    axe(page)


def test_un_medecin_relie_un_fichier_puis_le_retire(page, connecter, medecin, lieu, axe, capture):
    connecter(medecin)
    page.goto(reverse("echanges:externes", kwargs={"lieu_id": lieu.pk}))
    suivre(page.get_by_role("button", name="Lire et relier"))
    expect(page.get_by_text("Donnez une adresse, ou un fichier.")).to_be_visible()
    axe(page)

    demain = (MAINTENANT + dt.timedelta(days=1)).strftime("%Y%m%d")
    page.get_by_label("Ou un fichier .ics").set_input_files(
        {"name": "a.ics", "mimeType": "text/calendar", "buffer": ics(f"DTSTART;VALUE=DATE:{demain}")}
    )
    suivre(page.get_by_role("button", name="Lire et relier"))
    expect(page.get_by_text("Ce calendrier est relié")).to_be_visible()
    expect(page.get_by_text("1 période occupée")).to_be_visible()
    axe(page)
    capture(page, "calendriers-relies")

    suivre(page.get_by_role("button", name="Retirer"))
    expect(page.get_by_text("Ce calendrier est retiré")).to_be_visible()
