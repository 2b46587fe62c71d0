"""La lecture écrite en SQL rend ce que rendrait celle de Django."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from comptes.models import Session
from comptes.moteur_sessions import SessionStore

pytestmark = pytest.mark.django_db


@pytest.fixture
def ouverte() -> SessionStore:
    session = SessionStore()
    session["dit"] = "déjà vu"
    session.save()
    return session


def test_c_est_le_moteur_de_la_plateforme():
    assert SessionStore.__module__ == settings.SESSION_ENGINE


def test_une_session_se_relit(ouverte):
    relue = SessionStore(ouverte.session_key)

    assert relue["dit"] == "déjà vu"
    assert relue.session_key == ouverte.session_key


def test_une_session_perimee_est_vide_et_perd_sa_cle(ouverte):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    relue = SessionStore(ouverte.session_key)

    assert "dit" not in relue
    assert relue.session_key is None


def test_une_session_fermee_ailleurs_est_vide_aussitot(ouverte):
    Session.objects.all().delete()

    assert "dit" not in SessionStore(ouverte.session_key)


def test_lire_une_session_est_une_seule_requete(ouverte, compter_requetes):
    relue = SessionStore(ouverte.session_key)

    assert compter_requetes(lambda: relue["dit"]) == 1
