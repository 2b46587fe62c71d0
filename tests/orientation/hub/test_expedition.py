"""Remettre un message au Hub : confirmé ou non, rendu, coupé, muet ; et ce que l’on en garde."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from orientation.enums import EtatMessageHub, EvenementHub
from orientation.hub.expedition import PAUSE, envoyer_dus
from orientation.models import JournalHub, MessageHub
from orientation.models.hub import DELAI_DE_GRACE, ESSAIS_MAX
from orientation.tasks import envoyer_messages_hub
from tests.orientation.factories import MessageHubFactory
from tests.orientation.hub.conftest import DIMANCHE_17H
from tests.orientation.hub.courtier import COUPER, INTERDIRE, REFUSER, RENDRE, TAIRE

pytestmark = pytest.mark.django_db


def test_un_message_confirme_est_remis_persistant_et_signe(courtier):
    message = MessageHubFactory()

    assert envoyer_dus(maintenant=DIMANCHE_17H) == 1

    (publie,) = courtier.publications
    assert (publie.echange, publie.cle, publie.obligatoire) == ("hubsante", "fr.health.test.ptfsas", True)
    assert publie.proprietes["delivery_mode"] == 2
    assert publie.proprietes["content_type"] == "application/json"
    assert publie.proprietes["message_id"] == message.distribution_id
    assert json.loads(publie.corps) == message.contenu
    message.refresh_from_db()
    assert (message.etat, message.remis_le) == (EtatMessageHub.REMIS, DIMANCHE_17H)
    assert [ligne.evenement for ligne in message.journal.all()] == [EvenementHub.REMIS]


def test_un_message_remis_ne_repart_pas(courtier):
    MessageHubFactory()
    envoyer_dus(maintenant=DIMANCHE_17H)

    assert envoyer_dus(maintenant=DIMANCHE_17H + timedelta(hours=1)) == 0
    assert len(courtier.publications) == 1


def test_une_seule_connexion_sert_a_tout_le_lot(courtier):
    MessageHubFactory.create_batch(3)

    assert envoyer_dus(maintenant=DIMANCHE_17H) == 3
    assert courtier.connexions == 1


@pytest.mark.parametrize(
    ("consigne", "evenement", "detail"),
    [
        pytest.param(COUPER, EvenementHub.ECHEC, "", id="liaison coupée en cours d’envoi"),
        pytest.param(TAIRE, EvenementHub.ECHEC, "Timeout", id="confirmation qui ne vient pas"),
        pytest.param(REFUSER, EvenementHub.ECHEC, "refusé par le courtier", id="refus du courtier"),
        pytest.param(RENDRE, EvenementHub.NON_ROUTE, "312", id="rendu sans destinataire"),
        pytest.param(INTERDIRE, EvenementHub.ECHEC, "AccessRefused 403", id="canal fermé par le courtier"),
    ],
)
def test_ce_qui_n_est_pas_confirme_repart_plus_tard_sous_le_meme_identifiant(
    courtier, consigne, evenement, detail
):
    courtier.consignes.append(consigne)
    message = MessageHubFactory()

    assert envoyer_dus(maintenant=DIMANCHE_17H) == 0

    message.refresh_from_db()
    assert (message.etat, message.essais) == (EtatMessageHub.A_ENVOYER, 1)
    assert message.prochain_essai_le == DIMANCHE_17H + timedelta(seconds=30)
    ligne = message.journal.get()
    assert ligne.evenement == evenement
    assert detail in ligne.detail
    assert "secret" not in ligne.detail

    assert envoyer_dus(maintenant=DIMANCHE_17H) == 0, "avant l’heure du prochain essai"
    assert envoyer_dus(maintenant=DIMANCHE_17H + timedelta(seconds=30)) == 1
    assert {p.proprietes["message_id"] for p in courtier.publications} == {message.distribution_id}


def test_une_liaison_perdue_arrete_le_lot_sans_rien_couter_aux_suivants(courtier):
    courtier.consignes.append(COUPER)
    premier, second = MessageHubFactory.create_batch(2)

    assert envoyer_dus(maintenant=DIMANCHE_17H) == 0

    premier.refresh_from_db()
    second.refresh_from_db()
    assert (premier.essais, second.essais) == (1, 0)
    assert envoyer_dus(maintenant=DIMANCHE_17H + timedelta(minutes=1)) == 2


def test_un_hub_muet_n_est_pas_rappele_a_chaque_nouveau_message(courtier):
    """Chaque annonce lance une tâche : sans cette pause, elles occuperaient la file des retraits de droit."""
    courtier.consignes.append(COUPER)
    MessageHubFactory()
    envoyer_dus(maintenant=DIMANCHE_17H)
    connexions = courtier.connexions
    MessageHubFactory()

    assert envoyer_dus(maintenant=DIMANCHE_17H + PAUSE - timedelta(seconds=1)) == 0
    assert courtier.connexions == connexions
    assert envoyer_dus(maintenant=DIMANCHE_17H + PAUSE) == 2


def test_un_message_refuse_n_arrete_pas_le_lot(courtier):
    courtier.consignes.append(REFUSER)
    MessageHubFactory.create_batch(2)

    assert envoyer_dus(maintenant=DIMANCHE_17H) == 1


def test_un_canal_ferme_par_le_courtier_se_rouvre_pour_le_suivant(courtier):
    courtier.consignes.append(INTERDIRE)
    MessageHubFactory.create_batch(2)

    assert envoyer_dus(maintenant=DIMANCHE_17H) == 1
    assert courtier.connexions == 1


def test_un_hub_qui_ne_repond_pas_se_note_et_se_reessaie(hub_ouvert):
    message = MessageHubFactory()

    assert envoyer_dus(maintenant=DIMANCHE_17H) == 0

    message.refresh_from_db()
    assert (message.etat, message.essais) == (EtatMessageHub.A_ENVOYER, 1)
    assert message.journal.get().detail == "ConnectionRefusedError"


def test_l_annulation_attend_que_la_creation_soit_partie(courtier):
    courtier.consignes.append(REFUSER)
    creation = MessageHubFactory()
    annulation = MessageHubFactory(rendez_vous_uuid=creation.rendez_vous_uuid)

    assert envoyer_dus(maintenant=DIMANCHE_17H) == 0, "la création a échoué : l’annulation attend"
    envoyer_dus(maintenant=DIMANCHE_17H + timedelta(minutes=1))
    envoyer_dus(maintenant=DIMANCHE_17H + timedelta(minutes=2))

    envoyes = [p.proprietes["message_id"] for p in courtier.publications]
    assert envoyes == [creation.distribution_id, creation.distribution_id, annulation.distribution_id]


def test_apres_le_dernier_essai_le_message_est_abandonne(courtier):
    courtier.consignes.append(REFUSER)
    message = MessageHubFactory(essais=ESSAIS_MAX - 1)

    envoyer_dus(maintenant=DIMANCHE_17H)

    message.refresh_from_db()
    assert message.etat == EtatMessageHub.ABANDONNE


def test_un_message_expire_ne_part_plus(courtier):
    message = MessageHubFactory()

    assert envoyer_dus(maintenant=message.expire_le) == 0

    message.refresh_from_db()
    assert message.etat == EtatMessageHub.EXPIRE
    assert message.journal.get().detail == "jamais remis"
    assert courtier.publications == []


def test_un_message_remis_dont_le_lrm_ne_dit_rien_expire_apres_un_delai_de_grace(courtier):
    message = MessageHubFactory(etat=EtatMessageHub.REMIS)
    fin = message.expire_le + DELAI_DE_GRACE

    envoyer_dus(maintenant=fin - timedelta(seconds=1))
    message.refresh_from_db()
    assert message.etat == EtatMessageHub.REMIS

    envoyer_dus(maintenant=fin)
    message.refresh_from_db()
    assert message.etat == EtatMessageHub.EXPIRE


def test_un_message_non_conforme_ne_part_pas_et_dit_ou_sans_dire_quoi(courtier):
    message = MessageHubFactory()
    message.appointment["patient"] = {"nom": "Dupond"}
    message.appointment["start"] = "2026-11-02T09:00:00Z"
    message.save()

    assert envoyer_dus(maintenant=DIMANCHE_17H) == 0

    message.refresh_from_db()
    assert message.etat == EtatMessageHub.EN_ERREUR
    detail = message.journal.get().detail
    assert "RS-SAS-RDV\u00a0: start, pattern" in detail
    assert "Dupond" not in detail
    assert courtier.publications == []


def test_sans_hub_la_tache_ne_fait_rien(settings):
    settings.HUB_URL = ""
    MessageHubFactory()

    assert envoyer_messages_hub() == 0
    assert MessageHub.objects.get().etat == EtatMessageHub.A_ENVOYER


def test_le_journal_ne_se_recrit_pas():
    ligne = MessageHubFactory().noter(EvenementHub.REMIS, le=DIMANCHE_17H)

    with pytest.raises(Exception, match="Cannot update rows"):
        JournalHub.objects.filter(pk=ligne.pk).update(detail="autre chose")
