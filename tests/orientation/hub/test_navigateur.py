"""Les pages du Hub Santé dans un navigateur : accessibles, au bureau et au téléphone."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from comptes.enums import Role
from orientation.enums import EtatMessageHub, EvenementHub
from orientation.models import JournalHub
from tests.comptes.factories import CompteFactory
from tests.orientation.factories import MessageHubFactory, OrientationFactory
from tests.orientation.hub.conftest import DIMANCHE_17H

pytestmark = pytest.mark.django_db


def test_les_pages_se_lisent_au_bureau_et_au_telephone(connecter, page, axe, capture):
    refuse = MessageHubFactory(etat=EtatMessageHub.EN_ERREUR)
    JournalHub.objects.create(
        message=refuse, evenement=EvenementHub.ERREUR, le=DIMANCHE_17H, code=501, detail="UNROUTABLE"
    )
    MessageHubFactory(non_du=True)
    MessageHubFactory(etat=EtatMessageHub.ACQUITTE)
    JournalHub.objects.create(evenement=EvenementHub.ILLISIBLE, le=DIMANCHE_17H, detail="JSON illisible")
    connecter(CompteFactory(role=Role.SUPPORT))

    for nom, url in (
        ("hub-liste", reverse("hub:liste")),
        ("hub-message", reverse("hub:message", kwargs={"message_id": refuse.pk})),
    ):
        page.goto(url)
        axe(page)
        capture(page, nom)


def test_le_regulateur_voit_sur_son_orientation_qu_elle_est_transmise(connecter, page, axe, capture):
    orientation = OrientationFactory()
    MessageHubFactory(rendez_vous_uuid=orientation.uuid, etat=EtatMessageHub.ACQUITTE)
    connecter(orientation.acteur)

    page.goto(reverse("orientation:orientation", kwargs={"uuid": orientation.uuid}))

    expect(page.locator("[data-lrm]")).to_contain_text("Transmis au LRM")
    axe(page)
    capture(page, "hub-orientation")
