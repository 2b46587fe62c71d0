"""Les messages au Hub, vus du support ; leur état, vu du régulateur."""

from __future__ import annotations

import pytest
from django.urls import reverse

from comptes.enums import Role
from comptes.models import Trace
from orientation.enums import EtatMessageHub, EvenementHub, MotifNonDu
from orientation.models import JournalHub, MessageHub
from tests.comptes.factories import CompteFactory
from tests.orientation.factories import MessageHubFactory, OrientationFactory
from tests.orientation.hub.conftest import DIMANCHE_17H

pytestmark = pytest.mark.django_db


@pytest.fixture
def support(client):
    client.force_login(CompteFactory(role=Role.SUPPORT))
    return client


def test_la_liste_filtre_par_etat_et_par_jour(support):
    MessageHubFactory(etat=EtatMessageHub.ACQUITTE)
    refuse = MessageHubFactory(etat=EtatMessageHub.EN_ERREUR)

    def nombre(**filtres) -> int:
        return support.get(reverse("hub:liste"), filtres).context["page"].paginator.count

    assert nombre() == 2
    assert nombre(etat="acquitte") == 1
    assert nombre(etat="a_regarder", du="2026-11-01", au="2026-11-01") == 1
    assert nombre(du="2026-11-02") == 0
    assert nombre(au="2026-10-31") == 0
    assert nombre(etat="inconnu") == 2
    page = support.get(reverse("hub:liste"), {"etat": "a_regarder"}).content.decode()
    assert reverse("hub:message", kwargs={"message_id": refuse.pk}) in page


def test_des_jours_a_l_envers_se_disent(support):
    reponse = support.get(reverse("hub:liste"), {"du": "2026-11-02", "au": "2026-11-01"})

    assert "Le dernier jour ne peut pas précéder le premier." in reponse.content.decode()


def test_les_retours_sans_message_se_voient(support):
    JournalHub.objects.create(
        evenement=EvenementHub.ERREUR, le=DIMANCHE_17H, code=102, detail="UNRECOGNIZED", reference="perdu_7"
    )

    page = support.get(reverse("hub:liste")).content.decode()

    assert "perdu_7" in page
    assert "code 102" in page


def test_la_liste_ne_fait_pas_une_requete_par_ligne(support, nord, compter_requetes):
    MessageHubFactory(territoire=nord)
    support.get(reverse("hub:liste"))  # la session commence
    avec_une = compter_requetes(lambda: support.get(reverse("hub:liste")))

    MessageHubFactory.create_batch(9, territoire=nord)

    assert compter_requetes(lambda: support.get(reverse("hub:liste"))) == avec_une


def test_le_detail_montre_le_contenu_et_ce_qui_est_arrive_et_laisse_une_trace(support):
    message = MessageHubFactory(etat=EtatMessageHub.EN_ERREUR)
    JournalHub.objects.create(
        message=message, evenement=EvenementHub.ERREUR, le=DIMANCHE_17H, code=501, detail="<b>cause</b>"
    )

    page = support.get(reverse("hub:message", kwargs={"message_id": message.pk})).content.decode()

    assert "RICART" in page
    assert "code 501 (Destinataire inconnu du Hub Santé)" in page
    assert "&lt;b&gt;cause" in page
    assert Trace.objects.filter(verbe="message_hub.lu", objet=f"message_hub:{message.pk}").exists()


def test_renvoyer_ecrit_un_nouveau_message_relie_au_premier(support, hub_ouvert, regulatrice):
    orientation = OrientationFactory(acteur=regulatrice)
    refuse = MessageHubFactory(etat=EtatMessageHub.EN_ERREUR, rendez_vous_uuid=orientation.uuid)

    reponse = support.post(reverse("hub:renvoyer", kwargs={"message_id": refuse.pk}), follow=True)

    suivant = MessageHub.objects.get(precedent=refuse)
    assert suivant.etat == EtatMessageHub.A_ENVOYER
    assert reponse.context["message"] == suivant
    assert Trace.objects.filter(verbe="message_hub.renvoye").exists()


def test_renvoyer_deux_fois_n_ecrit_qu_un_message(support, hub_ouvert, regulatrice):
    orientation = OrientationFactory(acteur=regulatrice)
    refuse = MessageHubFactory(etat=EtatMessageHub.EXPIRE, rendez_vous_uuid=orientation.uuid)
    url = reverse("hub:renvoyer", kwargs={"message_id": refuse.pk})
    support.post(url)

    page = support.post(url, follow=True).content.decode()

    assert "Un message plus récent parle déjà de ce rendez-vous." in page
    assert MessageHub.objects.count() == 2


def test_un_message_qui_suit_son_cours_ne_se_renvoie_pas(support, hub_ouvert):
    message = MessageHubFactory(etat=EtatMessageHub.REMIS)

    page = support.post(reverse("hub:renvoyer", kwargs={"message_id": message.pk}), follow=True)

    assert "il n’est pas à renvoyer" in page.content.decode()


def test_un_message_non_du_redevient_du_quand_le_territoire_a_son_lrm(support, hub_ouvert, regulatrice):
    orientation = OrientationFactory(acteur=regulatrice)
    non_du = MessageHubFactory(non_du=True, rendez_vous_uuid=orientation.uuid)

    support.post(reverse("hub:renvoyer", kwargs={"message_id": non_du.pk}))

    assert MessageHub.objects.get(precedent=non_du).destinataire == "fr.health.samu590"


# --- Vu du régulateur -----------------------------------------------------------


@pytest.mark.parametrize(
    ("champs", "attendu"),
    [
        ({"etat": EtatMessageHub.ACQUITTE}, "a accusé réception"),
        ({"etat": EtatMessageHub.REMIS}, "n’a pas encore accusé réception"),
        ({}, "Transmission au LRM en cours"),
        ({"essais": 2}, "Transmission au LRM retardée"),
        ({"etat": EtatMessageHub.EN_ERREUR}, "Notez ce rendez-vous vous-même"),
        ({"etat": EtatMessageHub.EXPIRE}, "n’a pas pu être remis à temps"),
        ({"non_du": True}, "Aucun territoire du régulateur n’a de LRM relié au Hub Santé."),
        (
            {"non_du": True, "motif": MotifNonDu.HUB_FERME},
            "La liaison avec le Hub Santé n’est pas ouverte sur cette plateforme.",
        ),
    ],
)
def test_le_regulateur_lit_ou_en_est_la_transmission(client, champs, attendu):
    orientation = OrientationFactory()
    MessageHubFactory(rendez_vous_uuid=orientation.uuid, **champs)
    client.force_login(orientation.acteur)

    page = client.get(reverse("orientation:orientation", kwargs={"uuid": orientation.uuid}))

    assert attendu in page.content.decode()


def test_une_orientation_dont_aucun_message_ne_parle_n_en_dit_rien(client):
    orientation = OrientationFactory()
    client.force_login(orientation.acteur)

    page = client.get(reverse("orientation:orientation", kwargs={"uuid": orientation.uuid}))

    assert "LRM" not in page.content.decode()
