"""D’une orientation à ce que le régulateur en lit, par un vrai courtier ; et deux processus à la fois."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from orientation.actions import orienter
from orientation.enums import EtatMessageHub
from orientation.hub import transport
from orientation.hub.expedition import envoyer_dus
from orientation.hub.reception import recevoir
from orientation.models import MessageHub
from tests.orientation.conftest import identifiant
from tests.orientation.factories import MessageHubFactory
from tests.orientation.hub.conftest import DIMANCHE_17H, acquittement


@pytest.mark.django_db
def test_une_orientation_part_est_acquittee_et_le_regulateur_le_lit(
    courtier, regulatrice, creneau, maintenant, client, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        orientation = orienter(
            acteur=regulatrice, cle="c1", creneau_id=identifiant(creneau), maintenant=maintenant
        )

    (publie,) = courtier.publications
    assert MessageHub.objects.get().etat == EtatMessageHub.REMIS

    reference = json.loads(publie.corps)["distributionID"]
    courtier.files = {"fr.health.test.ptfsas.ack": [acquittement(reference, step="INTEGRE")]}
    recus: list[bytes] = []

    def traiter(file: str, corps: bytes) -> None:
        recevoir(corps, maintenant=maintenant + timedelta(minutes=1))
        recus.append(corps)

    transport.ecouter(traiter, continuer=lambda: not recus, attente_s=0.5)

    client.force_login(regulatrice)
    page = client.get(reverse("orientation:orientation", kwargs={"uuid": orientation.uuid}))
    assert "Votre logiciel de régulation a accusé réception." in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_deux_processus_ne_remettent_pas_le_meme_message(courtier):
    messages = MessageHubFactory.create_batch(5)
    ensemble = threading.Barrier(2)

    def envoyer() -> None:
        ensemble.wait(timeout=5)
        try:
            envoyer_dus(maintenant=DIMANCHE_17H)
        finally:
            connection.close()

    fils = [threading.Thread(target=envoyer) for _ in range(2)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join(timeout=20)

    remis = sorted(publication.proprietes["message_id"] for publication in courtier.publications)
    assert remis == sorted(message.distribution_id for message in messages)
