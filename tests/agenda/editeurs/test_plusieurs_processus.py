"""Plusieurs processus, un seul budget : jamais deux fois le même lot à la fois, même quand l’un est tué net.

De vrais processus jouent la vraie tâche sur PostgreSQL et Redis, face à un éditeur
qui ne répond que quand le test le laisse : rien ne dépend de la vitesse de la machine.
"""

import asyncio
import os
import queue
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from django.conf import settings

from agenda.enums import EtatLot
from agenda.models import Lot
from sas_platform.socle.courtier import connexion
from tests.agenda.editeurs.bundles import bundle, octets
from tests.agenda.factories import EditeurFactory, LotFactory, RaccordementFactory
from tests.mesures.serveur import url_de_la_base

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_S = 120


class EditeurLent:
    """Retient ses réponses jusqu’à `repondre`, et note les appels qui se chevauchent."""

    def __init__(self) -> None:
        self.boucle = asyncio.new_event_loop()
        self.porte = asyncio.Event()
        self.arrivees: queue.Queue[str] = queue.Queue()
        self.departs: queue.Queue[str] = queue.Queue()
        self.appels: Counter[str] = Counter()
        self.en_vol: Counter[str] = Counter()
        self.chevauchements = 0
        self.simultanes = 0

    async def creneaux(self, requete: web.Request) -> web.Response:
        lot = requete.query["schedule.actor:Practitioner.identifier"]
        self.appels[lot] += 1
        self.en_vol[lot] += 1
        self.chevauchements += self.en_vol[lot] > 1
        self.simultanes = max(self.simultanes, self.en_vol.total())
        self.arrivees.put(lot)
        try:
            await self.porte.wait()
            return web.Response(body=octets(bundle()))
        finally:
            self.en_vol[lot] -= 1
            self.departs.put(lot)

    def repondre(self) -> None:
        self.boucle.call_soon_threadsafe(self.porte.set)


@pytest.fixture
def lent() -> Iterator[EditeurLent]:
    editeur = EditeurLent()
    application = web.Application()
    application.router.add_get("/fhir/Slot", editeur.creneaux)
    serveur = TestServer(application)
    fil = threading.Thread(target=editeur.boucle.run_forever)
    fil.start()
    asyncio.run_coroutine_threadsafe(serveur.start_server(), editeur.boucle).result(PATIENCE_S)
    editeur.url = str(serveur.make_url("/fhir"))
    yield editeur
    editeur.repondre()
    asyncio.run_coroutine_threadsafe(serveur.close(), editeur.boucle).result(PATIENCE_S)
    editeur.boucle.call_soon_threadsafe(editeur.boucle.stop)
    fil.join(PATIENCE_S)
    editeur.boucle.close()


class Worker:
    def __init__(self, fins: queue.Queue[str], nom: str) -> None:
        variables = {nom: valeur for nom, valeur in os.environ.items() if nom != "PYTEST_XDIST_WORKER"}
        variables |= {"DATABASE_URL": url_de_la_base(), "REDIS_URL": settings.REDIS_URL}
        variables |= {"DJANGO_SETTINGS_MODULE": "sas_platform.settings_test", "ENVIRONNEMENT": "test"}
        self.processus = subprocess.Popen(
            [sys.executable, "-m", "tests.agenda.editeurs.processus"],
            cwd=settings.RACINE,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.nom = nom
        self._fins = fins
        self._lecture = threading.Thread(target=self._lire)
        self._lecture.start()

    def _lire(self) -> None:
        for _ in self.processus.stdout:
            self._fins.put(self.nom)

    def interroger(self, *groupes: list[Lot]) -> None:
        """Une tâche par groupe de lots d’un même éditeur."""
        lignes = [[groupe[0].editeur_id, *(lot.pk for lot in groupe)] for groupe in groupes]
        self.processus.stdin.write("".join(f"{' '.join(map(str, ligne))}\n" for ligne in lignes))
        self.processus.stdin.flush()

    def tuer(self) -> None:
        self.processus.kill()
        self.fermer()

    def fermer(self) -> None:
        self.processus.stdin.close()
        self.processus.wait(PATIENCE_S)
        self._lecture.join(PATIENCE_S)
        self.processus.stdout.close()


@pytest.fixture
def fins() -> queue.Queue[str]:
    """Nom du worker, chaque fois que l’un est prêt ou a fini une tâche."""
    return queue.Queue()


@pytest.fixture
def workers(fins, transactional_db) -> Iterator[list[Worker]]:
    lances = [Worker(fins, nom) for nom in "ABC"]
    assert sorted(attendre(fins, 3)) == ["A", "B", "C"]
    yield lances
    for worker in lances:
        if worker.processus.poll() is None:
            worker.fermer()


def attendre(file: queue.Queue[str], nombre: int = 1) -> list[str]:
    return [file.get(timeout=PATIENCE_S) for _ in range(nombre)]


def creer_lots(lent: EditeurLent, nombre: int, **budget: int) -> list[Lot]:
    editeur = EditeurFactory(url_base=lent.url, **budget)
    lots = [LotFactory(editeur=editeur) for _ in range(nombre)]
    for lot in lots:
        RaccordementFactory(lot=lot)
    return lots


@pytest.mark.parametrize("nombre", [1, 3])
def test_des_lots_dont_le_worker_est_tue_ne_sont_repris_qu_au_terme_de_leur_bail(lent, workers, fins, nombre):
    """A est tué au milieu d’un appel, ses autres lots déjà pris ; B, puis C, n’appellent pas tant que les baux courent."""
    lots = creer_lots(lent, nombre, concurrence_max=2)
    cles = [f"sas:editeur:{lot.editeur_id}:lot:{lot.pk}" for lot in lots]
    tue, second, troisieme = workers
    tue.interroger(lots)
    attendre(lent.arrivees)

    second.interroger(lots)
    attendre(fins)
    pendant_l_appel = lent.appels.total()
    tue.tuer()
    attendre(lent.departs)
    connexion().delete(f"sas:editeur:{lots[0].editeur_id}:appels")  # la place d’appel est rendue la première
    troisieme.interroger(lots)
    attendre(fins)
    pendant_le_bail, baux_ms = lent.appels.total(), [connexion().pttl(cle) for cle in cles]
    connexion().delete(*cles)  # les baux sont échus
    lent.repondre()
    second.interroger(lots)
    attendre(fins)

    assert (pendant_l_appel, pendant_le_bail) == (1, 1)
    assert all(0 < bail_ms <= 60_000 for bail_ms in baux_ms)
    assert (lent.appels.total(), lent.chevauchements) == (nombre + 1, 0)
    assert set(Lot.objects.values_list("etat", flat=True)) == {EtatLot.REUSSI}


def test_trois_workers_ne_depassent_ni_le_budget_ni_le_nombre_d_appels(lent, workers, fins):
    """180 requêtes par heure : trois jetons pour trois workers qui veulent tous les mêmes six lots."""
    lots = creer_lots(lent, 6, requetes_par_heure=180, concurrence_max=3)
    debut = time.monotonic()
    for rang, worker in enumerate(workers):
        worker.interroger(*([lot] for lot in (*lots[rang:], *lots[:rang])))
    # Deux appels de fond à la fois : le troisième worker finit ses six tâches sans appeler personne.
    attendre(lent.arrivees, 2)
    premiers = attendre(fins, 6)
    en_attente = lent.appels.total()
    lent.repondre()
    attendre(fins, 12)

    assert len(set(premiers)) == 1
    assert (en_attente, lent.simultanes) == (2, 2)
    assert lent.chevauchements == 0
    assert set(lent.appels.values()) == {1}
    # Un seau de trois, qui se remplit de 177 à l’heure : vrai aussi sur une machine lente.
    assert 3 <= lent.appels.total() <= 3 + (time.monotonic() - debut) * 177 / 3600
