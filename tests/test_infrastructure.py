"""Les garde-fous des tests eux-mêmes : base, réseau, navigateur."""

import ast
import socket
import threading

import pytest
from django.db import connection
from playwright.sync_api import expect
from pytest_socket import SocketConnectBlockedError

from tests import lectures_immediates
from tests.navigateur import RequetesEnCours, _surveiller_les_changements, suivre


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


def test_une_page_qui_change_sans_qu_on_l_attende_est_une_faute(navigateur, serveur):
    fautes = []
    contexte = navigateur.new_context(base_url=serveur)
    page = contexte.new_page()
    _surveiller_les_changements(page, fautes)

    page.goto("/mentions-legales/")
    page.goto("/mentions-legales/#contenu")
    suivre(page.get_by_role("contentinfo").get_by_role("link", name="Plan du site"))
    attendus = list(fautes)
    page.get_by_role("contentinfo").get_by_role("link", name="Mentions légales").click()
    expect(page.locator("h1")).to_have_text("Mentions légales")
    contexte.close()

    assert attendus == []
    assert fautes == [
        f"la page est devenue {serveur}/mentions-legales/ hors de « suivre » et de « page_suivante »"
    ]


def test_le_serveur_de_test_attend_la_fin_de_ses_requetes():
    commencee, finir = threading.Event(), threading.Event()

    def application(environ: dict, start_response: object) -> list[bytes]:
        commencee.set()
        finir.wait()
        return []

    requetes = RequetesEnCours(application)
    requete = threading.Thread(target=requetes, args=({}, None))
    attente = threading.Thread(target=requetes.attendre_la_fin)
    requete.start()
    commencee.wait()
    attente.start()

    assert attente.is_alive()
    finir.set()
    attente.join()
    requete.join()


def test_la_lecture_immediate_se_reconnait():
    essai = """
def test(page, client, axe):
    assert page.is_visible("h1") and Compte.objects.filter(nom="a").count() == 1
    lignes = page.locator("li")
    assert lignes.count() == 2
    assert "/connexion/" in page.url
    page.evaluate("document.activeElement.blur()")
    assert page.evaluate("1 + 1") == 2
    expect(page).to_have_url("/")
    assert depart.value.status == 303 and reponse.url

def test_sans_navigateur(client):
    assert client.get("/").url == "/"
"""

    assert lectures_immediates.reperer(ast.parse(essai)) == [
        (3, "is_visible"),
        (5, "count"),
        (6, "url"),
        (8, "evaluate"),
    ]
