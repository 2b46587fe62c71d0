"""Deux cents confirmations à la fois, dans de vrais processus dont on tue certains : jamais une place de trop."""

import multiprocessing
import os
import signal
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
from django.db import connection, connections

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

PROCESSUS, FILS, APPELS = 5, 10, 4  # cinquante connexions, deux cents demandes
ATTENTE_S = 60
fourche = multiprocessing.get_context("fork")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def patient(monkeypatch):
    """Sur une machine d’essais chargée, mieux vaut attendre son tour que répondre 503."""
    monkeypatch.setattr(actions, "ATTENTE_MAX_MS", ATTENTE_S * 1000)


def demander(acteur_id, cle, creneau_id, maintenant):
    acteur = Compte.objects.get(pk=acteur_id)
    try:
        actions.orienter(acteur=acteur, cle=cle, creneau_id=creneau_id, maintenant=maintenant)
    except PlaceIndisponible as refus:
        return refus.code
    return "prise"


def lancer(travaux):
    """Chaque travail dans son processus, tous au même départ ; rend ce qu’ils disent et leurs codes de sortie."""
    connections.close_all()
    issues, depart = fourche.Queue(), fourche.Barrier(len(travaux))
    processus = [fourche.Process(target=travail, args=(depart, issues)) for travail in travaux]
    for un in processus:
        un.start()
    dites, terme = [], monotonic() + 2 * ATTENTE_S
    while any(un.is_alive() for un in processus) or not issues.empty():
        if monotonic() > terme:  # un processus figé échoue, il ne retient pas la série
            for un in processus:
                un.kill()
        while not issues.empty():
            dites += issues.get()
        for un in processus:
            un.join(0.05)
    return dites, [un.exitcode for un in processus]


def serveur(acteurs, creneau_id, maintenant, *, prefixe):
    """Un processus du serveur : `FILS` fils, qui enchaînent chacun `APPELS` demandes."""

    def servir(depart, issues):
        def enchainer(fil):
            try:
                acteur = acteurs[fil % len(acteurs)]
                cles = [f"{prefixe}-{fil}-{n}" for n in range(APPELS)]
                return [demander(acteur, cle, creneau_id, maintenant) for cle in cles]
            finally:
                connection.close()

        depart.wait(ATTENTE_S)
        with ThreadPoolExecutor(FILS) as fils:
            issues.put([dite for dites in fils.map(enchainer, range(FILS)) for dite in dites])

    return servir


def victime(acteur, creneau_id, maintenant):
    """Un processus tué net au dernier pas de sa transaction, la place déjà écrite."""

    def mourir(depart, issues):
        actions._tracer = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)
        depart.wait(ATTENTE_S)
        demander(acteur, "victime", creneau_id, maintenant)

    return mourir


def places(disponibilite):
    prises = Reservation.objects.filter(disponibilite=disponibilite, annulee_le=None)
    return sorted(prises.values_list("rang", flat=True))


def test_deux_cents_confirmations_ne_donnent_que_les_places_qu_il_y_a(plage, maintenant, patient):
    plage.capacite = 7
    plage.save()
    rafraichir([plage.lieu_id], maintenant)
    creneau_id = identifiant(plage)
    acteurs = [CompteFactory(role=Role.OSNP).pk for _ in range(FILS)]

    issues, codes = lancer(
        [serveur(acteurs, creneau_id, maintenant, prefixe=str(n)) for n in range(PROCESSUS)]
    )

    assert codes == [0] * PROCESSUS
    assert Counter(issues) == {"prise": 7, "place_prise": PROCESSUS * FILS * APPELS - 7}
    assert places(plage) == list(range(1, 8))
    assert Orientation.objects.count() == Trace.objects.filter(verbe="orientation.enregistree").count() == 7
    assert creneau_id not in identifiants(plage.lieu_id)


def test_un_serveur_tue_en_pleine_transaction_ne_prend_ni_ne_perd_de_place(plage, maintenant, patient):
    creneau_id = identifiant(plage)
    acteurs = [CompteFactory(role=Role.OSNP).pk for _ in range(4)]
    victimes = [victime(acteur, creneau_id, maintenant) for acteur in acteurs[:3]]

    _, codes_des_victimes = lancer(victimes)
    apres_les_morts = places(plage)
    issues, codes = lancer(
        [*victimes, *(serveur(acteurs, creneau_id, maintenant, prefixe=str(n)) for n in range(2))]
    )

    assert codes_des_victimes == [-signal.SIGKILL] * 3
    assert apres_les_morts == []
    assert set(codes[:3]) <= {0, -signal.SIGKILL}
    assert Counter(issues) == {"prise": 3, "place_prise": 2 * FILS * APPELS - 3}
    assert places(plage) == [1, 2, 3]
    assert not Orientation.objects.filter(cle="victime").exists()


def test_la_demande_d_un_serveur_tue_se_rejoue_avec_sa_cle(plage, maintenant, patient):
    creneau_id = identifiant(plage)
    acteur = CompteFactory(role=Role.OSNP).pk
    lancer([victime(acteur, creneau_id, maintenant)])

    rejouee = [demander(acteur, "victime", creneau_id, maintenant) for _ in range(2)]

    assert rejouee == ["prise", "prise"]
    assert Orientation.objects.count() == 1


def test_tenir_et_prendre_ensemble_ne_depassent_pas_la_capacite(plage, maintenant, patient):
    creneau_id = identifiant(plage)
    regulateurs = [CompteFactory(role=Role.OSNP).pk for _ in range(12)]
    depart = threading.Barrier(4)

    def tenir_ou_prendre(rang):
        depart.wait(ATTENTE_S)
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
