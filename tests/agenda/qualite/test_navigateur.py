"""Les pages des éditeurs dans un navigateur : accessibles, au bureau et au téléphone, avec et sans JavaScript."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from agenda.qualite import actions
from comptes.enums import Role
from tests.agenda.editeurs.bundles import MAINTENANT, agenda_complet, bundle, slot
from tests.agenda.factories import EditeurFactory
from tests.comptes.factories import CompteFactory
from tests.navigateur import page_suivante, suivre, verifier_la_largeur

pytestmark = pytest.mark.django_db


def test_le_support_lit_la_liste_puis_un_editeur(connecter, page, axe, capture, editeur):
    EditeurFactory(nom="Rendez-vous Santé", est_actif=False, motif_arret="Créneaux faux depuis ce matin")
    connecter(CompteFactory(role=Role.SUPPORT))

    page.goto(reverse("qualite:liste"))
    axe(page)
    capture(page, "qualite-liste")
    suivre(page.get_by_role("link", name="Doctoplan"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Doctoplan")
    page.get_by_role("button", name="status_not_free").click()
    expect(page.get_by_role("table", name="Exemples de status_not_free")).to_contain_text("busy")
    axe(page)
    capture(page, "qualite-editeur")
    page.set_viewport_size({"width": 375, "height": 812})
    verifier_la_largeur(page)


def test_l_administrateur_arrete_puis_reprend(connecter, page, axe, capture, editeur):
    connecter(CompteFactory(administrateur=True))
    page.goto(reverse("qualite:editeur", kwargs={"editeur_id": editeur.pk}))

    suivre(page.get_by_role("link", name="Arrêter"))
    axe(page)
    capture(page, "qualite-service")
    page.get_by_label("Motif").fill("Créneaux faux depuis ce matin")
    suivre(page.get_by_role("button", name="Arrêter"))
    expect(page.get_by_text("Créneaux faux depuis ce matin").first).to_be_visible()
    expect(page.get_by_role("link", name="Reprendre")).to_be_visible()

    page.goto(reverse("qualite:reglages", kwargs={"editeur_id": editeur.pk}))
    axe(page)
    capture(page, "qualite-reglages")
    page.get_by_label("Requêtes par heure").fill("0")
    suivre(page.get_by_role("button", name="Enregistrer"))
    expect(page.get_by_label("Requêtes par heure")).to_have_value("0")
    axe(page)


def test_le_lien_et_les_lieux_se_lisent(connecter, page, axe, capture, editeur):
    connecter(CompteFactory(role=Role.SUPPORT))
    page.goto(reverse("qualite:lien", kwargs={"editeur_id": editeur.pk}))

    suivre(page.get_by_role("button", name="Créer un lien"))
    expect(page.get_by_label("Adresse à donner à l’éditeur")).to_be_visible()
    axe(page)
    capture(page, "qualite-lien")
    page.goto(reverse("qualite:lieux", kwargs={"editeur_id": editeur.pk}) + "?q=810100050075")
    expect(page.get_by_text("12 rue Nationale").first).to_be_visible()
    axe(page)
    capture(page, "qualite-lieux")


def test_l_editeur_relit_un_bundle_sans_javascript(ouvrir_page, axe, capture, editeur):
    secret = actions.donner_un_lien(editeur=editeur, acteur=CompteFactory(), maintenant=MAINTENANT)
    page = ouvrir_page(java_script_enabled=False)
    page.goto(reverse("qualite:page", kwargs={"secret": secret}))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Doctoplan")
    capture(page, "qualite-page")

    with page_suivante(page):
        page.get_by_role("link", name="Relire un Bundle").click()
    contenu = bundle(slot(), slot("s2", status="busy"), slot("s3", start="2026-11-24"), *agenda_complet())
    page.get_by_label("Ou le Bundle").fill(json.dumps(contenu))
    page.get_by_label("Instant de la requête").fill(MAINTENANT.isoformat())
    with page_suivante(page):
        page.get_by_role("button", name="Relire").click()

    expect(page.get_by_text("1 gardé sur 3 créneaux")).to_be_visible()
    expect(page.get_by_text("Bundle.entry[1] · Slot.status")).to_be_visible()
    capture(page, "qualite-lecteur")


def test_le_lecteur_est_accessible(connecter, page, axe):
    connecter(CompteFactory(role=Role.SUPPORT))
    page.goto(reverse("qualite:lecteur"))
    axe(page)

    page.get_by_label("Ou le Bundle").fill(json.dumps(bundle(slot("s2", status="busy"), *agenda_complet())))
    suivre(page.get_by_role("button", name="Relire"))

    expect(page.get_by_text("Slot.status")).to_be_visible()
    axe(page)
