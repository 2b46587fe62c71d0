"""Rattacher un acquittement ou une erreur à son message, une fois, dans n’importe quel ordre."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orientation.enums import EtatMessageHub, EvenementHub, MethodeHub
from orientation.hub.reception import recevoir
from orientation.models import JournalHub, MessageHub
from orientation.models.hub import REPRISES_MAX
from tests.orientation.factories import MessageHubFactory, OrientationFactory
from tests.orientation.hub.conftest import DIMANCHE_17H, acquittement, erreur

pytestmark = pytest.mark.django_db
APRES = DIMANCHE_17H + timedelta(minutes=2)


@pytest.fixture
def remis(hub_ouvert, regulatrice) -> MessageHub:
    """La création d’une orientation, remise, dont le LRM n’a encore rien dit."""
    orientation = OrientationFactory(acteur=regulatrice)
    return MessageHubFactory(etat=EtatMessageHub.REMIS, rendez_vous_uuid=orientation.uuid)


def etat(message: MessageHub) -> str:
    message.refresh_from_db()
    return message.etat


def test_l_acquittement_du_lrm_clot_le_message(remis):
    ligne = recevoir(acquittement(remis.distribution_id, step="INTEGRE"), maintenant=APRES)

    assert etat(remis) == EtatMessageHub.ACQUITTE
    assert (ligne.evenement, ligne.detail, ligne.le) == (EvenementHub.ACQUITTE, "INTEGRE", APRES)


def test_le_meme_retour_deux_fois_ne_s_ecrit_qu_une(remis):
    corps = acquittement(remis.distribution_id)
    recevoir(corps, maintenant=APRES)

    assert recevoir(corps, maintenant=APRES + timedelta(hours=1)) is None
    assert remis.journal.count() == 1


@pytest.mark.parametrize(
    "avant",
    [
        pytest.param(EtatMessageHub.A_ENVOYER, id="confirmation perdue"),
        pytest.param(EtatMessageHub.EXPIRE, id="après l’expiration"),
        pytest.param(EtatMessageHub.ABANDONNE, id="après l’abandon"),
    ],
)
def test_un_acquittement_tardif_vaut_encore(avant):
    message = MessageHubFactory(etat=avant)

    recevoir(acquittement(message.distribution_id), maintenant=APRES)

    assert etat(message) == EtatMessageHub.ACQUITTE


def test_un_acquittement_ne_cache_pas_une_erreur(remis):
    recevoir(erreur(300, remis.distribution_id), maintenant=APRES)
    recevoir(acquittement(remis.distribution_id), maintenant=APRES)

    assert etat(remis) == EtatMessageHub.EN_ERREUR
    assert remis.journal.count() == 2


def test_un_lrm_peut_refuser_dans_son_acquittement(remis):
    recevoir(acquittement(remis.distribution_id, refused=True), maintenant=APRES)

    assert etat(remis) == EtatMessageHub.EN_ERREUR
    assert remis.journal.get().evenement == EvenementHub.REFUSE


@pytest.mark.parametrize("code", [102, 300, 501, 999])
def test_une_erreur_qui_demande_une_personne_ne_se_reprend_pas_seule(remis, code):
    recevoir(erreur(code, remis.distribution_id, titre="TITRE", cause="la cause"), maintenant=APRES)

    assert etat(remis) == EtatMessageHub.EN_ERREUR
    ligne = remis.journal.get()
    assert (ligne.code, ligne.detail) == (code, "TITRE\u00a0: la cause")
    assert MessageHub.objects.count() == 1


@pytest.mark.parametrize(
    ("code", "methode"),
    [
        pytest.param(400, MethodeHub.CREATION, id="expiré au Hub"),
        pytest.param(500, MethodeHub.CREATION, id="expiré chez le LRM"),
        pytest.param(409, MethodeHub.MODIFICATION, id="déjà connu du LRM"),
        pytest.param(404, MethodeHub.CREATION, id="inconnu du LRM"),
    ],
)
def test_un_message_qui_n_est_pas_arrive_est_redit_sous_un_nouvel_identifiant(remis, code, methode):
    recevoir(erreur(code, remis.distribution_id), maintenant=APRES)

    suivant = MessageHub.objects.exclude(pk=remis.pk).get()
    assert (suivant.etat, suivant.methode, suivant.precedent) == (EtatMessageHub.A_ENVOYER, methode, remis)
    assert suivant.rendez_vous_uuid == remis.rendez_vous_uuid
    assert suivant.distribution_id != remis.distribution_id
    assert suivant.expire_le == APRES + timedelta(hours=24)
    assert etat(remis) == EtatMessageHub.EN_ERREUR
    assert remis.journal.filter(evenement=EvenementHub.RENVOYE, detail=suivant.distribution_id).exists()


def test_les_reprises_ont_une_fin(remis):
    for rang in range(REPRISES_MAX + 1):
        dernier = MessageHub.objects.latest("pk")
        recevoir(erreur(500, dernier.distribution_id, identifiant=f"hub_{rang}"), maintenant=APRES)

    assert MessageHub.objects.count() == 1 + REPRISES_MAX


def test_un_message_que_suit_une_annulation_ne_se_redit_pas(remis):
    MessageHubFactory(rendez_vous_uuid=remis.rendez_vous_uuid, cree_le=APRES)

    recevoir(erreur(500, remis.distribution_id), maintenant=APRES)

    assert MessageHub.objects.count() == 2


@pytest.mark.parametrize(
    ("corps", "evenement"),
    [
        pytest.param(acquittement("jamais_vu"), EvenementHub.ACQUITTE, id="acquittement"),
        pytest.param(erreur(102, ""), EvenementHub.ERREUR, id="erreur sans référence"),
    ],
)
def test_un_retour_que_rien_ne_rattache_est_garde_et_visible(db, corps, evenement):
    ligne = recevoir(corps, maintenant=APRES)

    assert (ligne.message, ligne.evenement) == (None, evenement)


def test_un_retour_illisible_s_ecarte_en_une_ligne_sans_son_contenu(db):
    recevoir(b'{"patient": "Dupond"', maintenant=APRES)
    recevoir(b'{"patient": "Dupond"', maintenant=APRES)

    ligne = JournalHub.objects.get()
    assert (ligne.evenement, ligne.detail) == (EvenementHub.ILLISIBLE, "JSON illisible (20 octets)")
