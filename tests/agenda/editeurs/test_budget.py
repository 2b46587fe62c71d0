"""Le budget d’un éditeur, sur un vrai serveur Redis : jamais dépassé, quel que soit le nombre de processus."""

import threading
import uuid
from collections.abc import Iterator

import pytest

from agenda.editeurs import budget as module
from agenda.editeurs.budget import Budget, Permis, Refus, connexion


@pytest.fixture
def editeur_id() -> Iterator[int]:
    """Un éditeur que rien d’autre n’utilise ; ses clés sont effacées ensuite."""
    numero = uuid.uuid4().int >> 70
    yield numero
    cles = list(connexion().scan_iter(f"sas:editeur:{numero}:*"))
    if cles:
        connexion().delete(*cles)


def _vieillir(editeur_id: int, secondes: int) -> None:
    """Recule l’heure du dernier jeton pris : comme si le temps avait passé."""
    cle = f"sas:editeur:{editeur_id}:seau"
    le = int(float(connexion().hget(cle, "le")))
    connexion().hset(cle, "le", le - secondes * 1000)


def test_deux_ordonnanceurs_en_meme_temps_ne_depassent_pas_le_budget(editeur_id):
    """180 requêtes par heure : un seau de trois jetons, quel que soit l’appétit des deux."""
    pris: list[Permis] = []

    def consommer(premier: int) -> None:
        budget = Budget(editeur_id, requetes_par_heure=180, concurrence_max=1000)
        for lot_id in range(premier, premier + 200):
            issue = budget.prendre(lot_id)
            if isinstance(issue, Permis):
                pris.append(issue)
                budget.finir_appel(issue, reussi=True)

    fils = [threading.Thread(target=consommer, args=(depart,)) for depart in (0, 1000)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()

    assert len(pris) == 3


def test_une_heure_entiere_ne_voit_jamais_plus_que_le_budget(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=120, concurrence_max=1000)
    pris = 0
    for passage in range(240):  # un beat toutes les quinze secondes
        pris += sum(isinstance(budget.prendre(passage * 100 + rang), Permis) for rang in range(4))
        _vieillir(editeur_id, 15)

    assert 110 <= pris <= 120


def test_les_appels_simultanes_sont_comptes_pour_tous(editeur_id):
    un, autre = (Budget(editeur_id, requetes_par_heure=6000, concurrence_max=2) for _ in range(2))

    premier, second = un.prendre(1), autre.prendre(2)
    refuse = un.prendre(3)
    assert isinstance(premier, Permis)
    assert isinstance(second, Permis)
    un.finir_appel(premier, reussi=True)

    assert refuse == Refus.CONCURRENCE
    assert isinstance(autre.prendre(3), Permis)


def test_un_lot_n_est_interroge_qu_une_fois_a_la_fois(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=6000, concurrence_max=10)
    permis = budget.prendre(1)
    assert isinstance(permis, Permis)
    budget.finir_appel(permis, reussi=True)

    pendant = budget.prendre(1)
    budget.rendre_lots([permis])

    assert pendant == Refus.EN_COURS
    assert isinstance(budget.prendre(1), Permis)


def test_un_permis_perime_ne_libere_pas_le_lot_repris_par_un_autre(editeur_id, monkeypatch):
    monkeypatch.setattr(module, "BAIL_MS", 1)
    budget = Budget(editeur_id, requetes_par_heure=6000, concurrence_max=10)
    ancien = budget.prendre(1)
    assert isinstance(ancien, Permis)
    while connexion().exists(f"sas:editeur:{editeur_id}:lot:1"):
        pass
    monkeypatch.setattr(module, "BAIL_MS", 60_000)
    assert isinstance(budget.prendre(1), Permis)

    budget.rendre_lots([ancien])

    assert budget.prendre(1) == Refus.EN_COURS


def test_un_processus_mort_ne_garde_pas_sa_place(editeur_id, monkeypatch):
    monkeypatch.setattr(module, "BAIL_MS", 1)
    budget = Budget(editeur_id, requetes_par_heure=6000, concurrence_max=1)
    assert isinstance(budget.prendre(1), Permis)
    while connexion().exists(f"sas:editeur:{editeur_id}:appels"):
        pass

    assert isinstance(budget.prendre(2), Permis)


def test_cinq_echecs_de_suite_ouvrent_le_disjoncteur(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=60_000, concurrence_max=10)
    for lot_id in range(5):
        permis = budget.prendre(lot_id)
        assert isinstance(permis, Permis)
        budget.finir_appel(permis, reussi=False)

    refuse, disponible = budget.prendre(99), budget.disponible()
    connexion().delete(f"sas:editeur:{editeur_id}:pannes")  # comme après la minute de repos

    assert (refuse, disponible) == (Refus.DISJONCTE, 0)
    assert isinstance(budget.prendre(99), Permis)


def test_un_succes_referme_le_compte_des_echecs(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=60_000, concurrence_max=10)
    for lot_id, reussi in enumerate([False] * 4 + [True] + [False] * 4):
        permis = budget.prendre(lot_id)
        assert isinstance(permis, Permis)
        budget.finir_appel(permis, reussi=reussi)

    assert isinstance(budget.prendre(99), Permis)


def test_lire_ce_qui_reste_ne_prend_rien(editeur_id):
    budget = Budget(editeur_id, requetes_par_heure=600, concurrence_max=10)

    assert [budget.disponible(), budget.disponible()] == [10, 10]
