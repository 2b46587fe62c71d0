"""Un lieu dont l’offre change est annoncé après la transaction, à tous les processus, sans jamais gêner l’écriture."""

import pytest
import redis
from django.db import transaction

from agenda.offre import rafraichir, signal
from agenda.offre.signal import ecouter, signaler
from tests.agenda.factories import DisponibiliteFactory
from tests.annuaire.factories import SpecialiteFactory
from tests.orientation.conftest import LUNDI_8H

pytestmark = pytest.mark.django_db(transaction=True)


def attendre(ecoute) -> set[int]:
    """Le prochain message : le premier rend l’abonnement, sans lieu."""
    for _ in range(50):
        if lieux := ecoute.attendre(0.2):
            return lieux
    pytest.fail("aucun message")


def test_une_offre_changee_est_annoncee_apres_la_transaction():
    SpecialiteFactory()
    lieu_id = DisponibiliteFactory().lieu_id

    with ecouter() as ecoute:
        with transaction.atomic():
            rafraichir([lieu_id], LUNDI_8H)
            pendant = [ecoute.attendre(0.01) for _ in range(3)]

        assert pendant == [set()] * 3
        assert attendre(ecoute) == {lieu_id}


def test_une_offre_inchangee_n_est_pas_annoncee(monkeypatch):
    SpecialiteFactory()
    lieu_id = DisponibiliteFactory().lieu_id
    rafraichir([lieu_id], LUNDI_8H)
    publies = []
    monkeypatch.setattr(signal, "_publier", publies.append)

    rafraichir([lieu_id], LUNDI_8H)

    assert publies == []


def test_une_transaction_annulee_n_annonce_rien(monkeypatch):
    publies = []
    monkeypatch.setattr(signal, "_publier", publies.append)

    with transaction.atomic():
        signaler([1])
        transaction.set_rollback(True)

    assert publies == []


def test_un_courtier_en_panne_n_est_plus_appele_un_moment(monkeypatch):
    appels = []

    class EnPanne:
        def publish(self, canal, texte):
            appels.append(texte)
            raise redis.ConnectionError

    monkeypatch.setattr(signal, "connexion", EnPanne)
    monkeypatch.setattr(signal, "_muet_jusqu", 0.0)

    signaler([1])
    signaler([2])

    assert appels == ["1"]
