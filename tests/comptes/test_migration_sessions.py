"""La table des sessions passe de Django aux comptes, sans que personne ne soit déconnecté."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from comptes.models import Session, SessionOuverte
from tests.comptes.factories import CompteFactory

pytestmark = pytest.mark.django_db

AVANT, APRES = "0009_role_pilotage", "0010_compte_d_une_session"
COLONNES = {"session_key", "session_data", "expire_date"}


def migrer(nom: str) -> None:
    connection.check_constraints()  # une table dont une vérification attend ne se change pas
    MigrationExecutor(connection).migrate([("comptes", nom)])


def colonnes() -> set[str]:
    with connection.cursor() as curseur:
        return {c.name for c in connection.introspection.get_table_description(curseur, "django_session")}


def test_les_sessions_en_cours_restent_ouvertes_et_disent_leur_compte():
    par_psc, local = CompteFactory(), CompteFactory()
    clients = {compte: Client() for compte in (par_psc, local)}
    for compte, client in clients.items():
        client.force_login(compte)
    SessionOuverte.objects.create(compte=par_psc, cle_session=clients[par_psc].session.session_key, sub="s")

    migrer(AVANT)
    d_avant = colonnes()
    migrer(APRES)

    assert d_avant == COLONNES
    assert colonnes() == {*COLONNES, "compte_id"}
    assert list(par_psc.sessions.all()) == list(Session.objects.filter(compte__isnull=False))
    for compte, client in clients.items():
        assert client.get("/mentions-legales/").wsgi_request.user == compte


def test_sur_une_base_neuve_la_version_d_avant_tient_la_table_pour_faite():
    with connection.cursor() as curseur:
        curseur.execute("SELECT FROM django_migrations WHERE app = 'sessions' AND name = '0001_initial'")
        assert curseur.rowcount == 1
