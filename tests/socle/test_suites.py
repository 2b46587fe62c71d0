"""Ce qu’une réponse laisse à faire se fait à part, groupé, dans l’ordre, et une panne n’arrête pas la suivante."""

import threading

import pytest

from sas_platform.socle.suites import Suites

PATIENCE_S = 10


@pytest.fixture
def differees(settings):
    settings.SUITES_IMMEDIATES = False


def test_les_suites_se_font_dans_un_autre_fil_et_dans_l_ordre(differees):
    faites, finies = [], threading.Event()

    def faire(suites):
        faites.extend((n, threading.current_thread() is threading.main_thread()) for n in suites)
        if len(faites) == 3:
            finies.set()

    suites = Suites("essai", faire)
    for n in range(3):
        suites.ajouter(n)

    assert finies.wait(PATIENCE_S)
    assert faites == [(0, False), (1, False), (2, False)]


def test_ce_qui_attend_se_fait_d_un_bloc_et_une_fois(differees, monkeypatch):
    monkeypatch.setattr(Suites, "_lancer", lambda self: None)  # comme si le fil n’avait pas encore la main
    groupes = []
    suites = Suites("essai", groupes.append)
    for n in range(3):
        suites.ajouter(n)

    suites.vider()
    suites.vider()

    assert groupes == [[0, 1, 2]]


def test_une_panne_se_journalise_sans_la_valeur_et_le_fil_continue(differees, caplog):
    reprise = threading.Event()

    def faire(suites):
        if "secret" in suites:
            raise ValueError("12 rue secrète")
        reprise.set()

    suites = Suites("essai", faire)
    suites.ajouter("secret")
    while not reprise.wait(0.2):
        suites.ajouter("suivante")

    assert "suite_impossible" in caplog.text
    assert "secr" not in caplog.text


def test_au_dela_de_la_limite_la_plus_ancienne_est_oubliee(differees, monkeypatch):
    monkeypatch.setattr("sas_platform.socle.suites.GARDEES_MAX", 2)
    monkeypatch.setattr(Suites, "_lancer", lambda self: None)
    groupes = []
    suites = Suites("essai", groupes.append)
    for n in range(3):
        suites.ajouter(n)

    suites.vider()

    assert groupes == [[1, 2]]
