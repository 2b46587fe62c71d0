"""Ce que tous les tests partagent : base, réseau fermé, horloge, comptage des requêtes, navigateur."""

import datetime as dt
import gc
import os
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.db import connection
from django.test import TransactionTestCase
from django.test.utils import CaptureQueriesContext
from hypothesis import settings as hypothesis_settings
from pytest_socket import socket_allow_hosts

from sas_platform.socle.memoire import tout_oublier
from tests.base_modele import creer_base_de_test, supprimer_base_de_test
from tests.navigateur import (  # noqa: F401
    CHROMIUM,
    INSTALLER_CHROMIUM,
    _contexte_neuf,
    _fautes,
    axe,
    capture,
    connecter,
    contexte_commun,
    navigateur,
    ouvrir_page,
    page,
    serveur,
)
from tests.vidage import vider

BOUCLE_LOCALE = ["127.0.0.1", "localhost", "::1"]
EN_CI = os.environ.get("CI") == "true"
SANS_NAVIGATEUR = CHROMIUM is None or "SAS_SANS_NAVIGATEUR" in os.environ

# Le serveur de test écoute sur l’adresse, pas sur un nom que /etc/hosts ne connaît pas toujours.
os.environ.setdefault("DJANGO_LIVE_TEST_SERVER_ADDRESS", "127.0.0.1")

# Aucun délai par exemple : la durée d’un test dépend de la machine, sa réussite non.
hypothesis_settings.register_profile("sas", deadline=None)
hypothesis_settings.load_profile("sas")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Marque les tests du navigateur, avant que `-m` ne choisisse, puis les range en dernier.

    Playwright laisse une boucle asyncio ouverte dans le fil des tests : après
    lui, `asyncio.run` serait refusé aux autres.
    """
    for item in items:
        if "navigateur" in getattr(item, "fixturenames", ()):
            item.add_marker("navigateur")
            if SANS_NAVIGATEUR and not EN_CI:
                item.add_marker(pytest.mark.skip(reason="navigateur absent ou écarté"))
    yield
    items.sort(key=lambda item: item.get_closest_marker("navigateur") is not None)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Ce que la collecte crée vit jusqu’au bout : le ramasse-miettes n’a pas à le parcourir, ni alors ni après."""
    gc.disable()
    yield
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if SANS_NAVIGATEUR:
        terminalreporter.section("NAVIGATEUR ABSENT : les tests des pages n’ont pas été joués", red=True)
        terminalreporter.write_line(INSTALLER_CHROMIUM)


@pytest.fixture(autouse=True)
def _reseau_ferme(socket_enabled: None) -> None:
    """Seule la boucle locale répond : un test qui appelle le dehors échoue."""
    socket_allow_hosts(BOUCLE_LOCALE, allow_unix_socket=True)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker: pytest.FixtureRequest,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    """Remplace la création de base de pytest-django par une copie du modèle, et le vidage de Django par le nôtre."""
    with django_db_blocker.unblock():
        base = creer_base_de_test()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda test: vider())
        yield
    with django_db_blocker.unblock():
        supprimer_base_de_test(base)


@pytest.fixture(autouse=True)
def _courtier_vide(request: pytest.FixtureRequest) -> Iterator[None]:
    """Le cache, les budgets et les verrous d’un test ne passent pas au suivant."""
    yield
    tout_oublier()
    if "_django_db_helper" in request.fixturenames or request.node.get_closest_marker("django_db"):
        from django.core.cache import cache

        cache.clear()


@pytest.fixture
def compter_requetes(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], int]:
    """`compter_requetes(appel)` rend le nombre de requêtes SQL que fait l’appel ; d’un compte à l’autre, rien ne s’oublie."""
    monkeypatch.setattr("sas_platform.socle.memoire.monotonic", lambda: 0.0)

    def compter(appel: Callable[[], object]) -> int:
        with CaptureQueriesContext(connection) as requetes:
            appel()
        return len(requetes)

    return compter


@pytest.fixture
def horloge() -> Iterator[time_machine.Traveller]:
    """Arrête l’horloge un mardi ouvré, à 9 h à Paris ; `horloge.move_to(…)` la déplace."""
    with time_machine.travel(dt.datetime(2026, 3, 17, 8, 0, tzinfo=dt.UTC), tick=False) as voyageur:
        yield voyageur
