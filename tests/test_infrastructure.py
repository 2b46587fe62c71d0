"""Les garde-fous des tests eux-mêmes : base, réseau, navigateur."""

import socket

import pytest
from django.db import connection
from pytest_socket import SocketConnectBlockedError


@pytest.mark.filterwarnings("ignore:A test tried to use")
def test_un_test_ne_sort_pas_de_la_machine():
    with socket.socket() as prise, pytest.raises(SocketConnectBlockedError):
        prise.connect(("192.0.2.1", 80))


@pytest.mark.django_db
def test_la_base_de_test_porte_toutes_les_migrations():
    from django.db.migrations.executor import MigrationExecutor

    executeur = MigrationExecutor(connection)

    assert executeur.migration_plan(executeur.loader.graph.leaf_nodes()) == []


@pytest.mark.django_db
def test_compter_requetes_compte_chaque_requete(compter_requetes):
    def deux_requetes():
        with connection.cursor() as curseur:
            curseur.execute("SELECT 1")
            curseur.execute("SELECT 2")

    assert compter_requetes(deux_requetes) == 2


@pytest.mark.django_db(transaction=True)
def test_un_test_qui_valide_ses_transactions_peut_etre_vide():
    from comptes.models import Trace

    Trace.objects.create(verbe="essai", objet="test:1")

    assert Trace.objects.count() == 1


@pytest.mark.django_db
def test_le_test_suivant_ne_voit_pas_la_trace_du_precedent():
    from comptes.models import Trace

    assert not Trace.objects.exists()


def test_le_navigateur_sert_les_fichiers_statiques(page, serveur):
    reponse = page.goto(f"{serveur}/static/dsfr/dist/dsfr.min.css")

    assert reponse.status == 200


def test_axe_nomme_une_image_sans_equivalent(page, axe):
    page.set_content("<html lang='fr'><title>t</title><main><h1>h</h1><img src='data:,x'></main></html>")

    with pytest.raises(AssertionError, match="image-alt"):
        axe(page)


def test_axe_accepte_une_page_correcte(page, axe):
    page.set_content("<html lang='fr'><title>t</title><main><h1>Bonjour</h1></main></html>")

    axe(page)


def test_une_page_plus_large_que_le_telephone_est_refusee(page, capture, tmp_path, monkeypatch):
    monkeypatch.setattr("tests.navigateur.CAPTURES", tmp_path)
    page.set_content("<html lang='fr'><title>t</title><main style='width:900px'>large</main></html>")

    with pytest.raises(AssertionError, match="déborde"):
        capture(page, "large")
