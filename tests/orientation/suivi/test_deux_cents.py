"""Deux cents confirmations à la fois, dans de vrais processus dont on tue certains : jamais une place de trop."""

import signal
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from agenda.actions import PlaceIndisponible
from agenda.models import Reservation
from agenda.offre import rafraichir
from agenda.tenues import tenir
from comptes.enums import Role
from comptes.models import Compte, Trace
from orientation import actions
from orientation.models import Orientation
from tests.comptes.factories import CompteFactory
from tests.orientation.conftest import identifiant, identifiants
from tests.orientation.suivi.serveurs import ATTENTE_MS, demander, mourir, servir
from tests.processus import lancer

PROCESSUS, FILS, APPELS = 5, 10, 4  # cinquante connexions, deux cents demandes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def regulateurs():
    return [CompteFactory(role=Role.OSNP).pk for _ in range(FILS)]


@pytest.fixture
def serveur(plage, maintenant, regulateurs):
    """Un processus du serveur : un fil par régulateur, qui enchaînent chacun `APPELS` demandes."""
    creneau_id = identifiant(plage)

    def _serveur(prefixe):
        return servir, {
            "acteurs": regulateurs,
            "appels": APPELS,
            "creneau_id": creneau_id,
            "maintenant": maintenant,
            "prefixe": prefixe,
        }

    return _serveur


@pytest.fixture
def victime(plage, maintenant):
    creneau_id = identifiant(plage)
    return lambda acteur: (mourir, {"acteur": acteur, "creneau_id": creneau_id, "maintenant": maintenant})


def places(disponibilite):
    prises = Reservation.objects.filter(disponibilite=disponibilite, annulee_le=None)
    return sorted(prises.values_list("rang", flat=True))


def test_deux_cents_confirmations_ne_donnent_que_les_places_qu_il_y_a(plage, maintenant, serveur):
    plage.capacite = 7
    plage.save()
    rafraichir([plage.lieu_id], maintenant)
    creneau_id = identifiant(plage)

    issues, codes = lancer(*(serveur(f"p{n}") for n in range(PROCESSUS)))

    assert codes == [0] * PROCESSUS
    dites = Counter(dite for issue in issues for dite in issue)
    assert dites == {"prise": 7, "place_prise": PROCESSUS * FILS * APPELS - 7}
    assert places(plage) == list(range(1, 8))
    assert Orientation.objects.count() == Trace.objects.filter(verbe="orientation.enregistree").count() == 7
    assert creneau_id not in identifiants(plage.lieu_id)


def test_un_serveur_tue_en_pleine_transaction_ne_prend_ni_ne_perd_de_place(
    plage, serveur, victime, regulateurs
):
    victimes = [victime(acteur) for acteur in regulateurs[:3]]

    _, codes_des_victimes = lancer(*victimes)
    apres_les_morts = places(plage)
    issues, codes = lancer(*victimes, serveur("a"), serveur("b"))

    assert codes_des_victimes == [-signal.SIGKILL] * 3
    assert apres_les_morts == []
    assert set(codes[:3]) <= {0, -signal.SIGKILL}
    # Une victime venue après les trois places est refusée avant le pas qui la tue : elle le dit aussi.
    refusees = codes[:3].count(0)
    dites = Counter(dite for issue in issues for dite in issue)
    assert dites == {"prise": 3, "place_prise": 2 * FILS * APPELS - 3 + refusees}
    assert places(plage) == [1, 2, 3]
    assert not Orientation.objects.filter(cle="victime").exists()


def test_la_demande_d_un_serveur_tue_se_rejoue_avec_sa_cle(plage, maintenant, victime, regulateurs):
    lancer(victime(regulateurs[0]))

    rejouee = [demander(regulateurs[0], "victime", identifiant(plage), maintenant) for _ in range(2)]

    assert rejouee == ["prise", "prise"]
    assert Orientation.objects.count() == 1


def test_tenir_et_prendre_ensemble_ne_depassent_pas_la_capacite(plage, maintenant, monkeypatch):
    monkeypatch.setattr(actions, "ATTENTE_MAX_MS", ATTENTE_MS)
    creneau_id = identifiant(plage)
    regulateurs = [CompteFactory(role=Role.OSNP).pk for _ in range(12)]
    depart = threading.Barrier(4)

    def tenir_ou_prendre(rang):
        depart.wait(ATTENTE_MS / 1000)
        try:
            return [_demander_ou_tenir(pk, tient=rang % 2 == 0) for pk in regulateurs[rang::4]]
        finally:
            connections.close_all()

    def _demander_ou_tenir(pk, *, tient):
        if not tient:
            return demander(pk, "a", creneau_id, maintenant)
        try:
            compte = Compte.objects.get(pk=pk)
            tenir(compte=compte, creneau_id=creneau_id, territoire=None, maintenant=maintenant)
        except PlaceIndisponible as refus:
            return refus.code
        return "tenue"

    with ThreadPoolExecutor(4) as fils:
        donnees = Counter(dite for dites in fils.map(tenir_ou_prendre, range(4)) for dite in dites)

    assert donnees["tenue"] + donnees["prise"] == 3
    assert set(donnees) <= {"tenue", "prise", "place_prise", "place_tenue"}
