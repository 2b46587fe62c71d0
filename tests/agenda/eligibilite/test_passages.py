"""Relever et alerter tout le pays : en passages bornés, que l’on peut rejouer sans rien faire deux fois."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time
from threading import Barrier
from unittest.mock import Mock

import pytest
from django.db import connection

from agenda import tasks
from agenda.eligibilite import alertes
from agenda.eligibilite.passages import Passage, parcourir
from agenda.models import ReleveHebdomadaire
from comptes.models import Courriel
from participation.models import Participation
from tests.agenda.factories import DisponibiliteFactory
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory, StructureFactory
from tests.comptes.factories import CompteFactory
from tests.participation.factories import ParticipationFactory, ParticipationStructureFactory

VENDREDI = datetime(2026, 10, 30, 8, 17, tzinfo=UTC)
LUNDI_SUIVANT = datetime(2026, 11, 9, 12, 17, tzinfo=UTC)


@pytest.fixture
def effecteurs(db) -> list[int]:
    """Trois qui doivent deux heures, n’en montrent qu’une, et ont un compte."""
    comptes = [CompteFactory(effecteur=True, email=f"medecin{n}@exemple.invalid") for n in range(3)]
    for compte in comptes:
        effecteur = EffecteurFactory(identifiant_national=compte.identifiant_national)
        lieu = LieuExerciceFactory(effecteur=effecteur)
        DisponibiliteFactory(
            lieu=lieu, hebdomadaire=True, plage=True, heure_debut=time(9), heure_fin=time(10)
        )
        ParticipationFactory(effecteur=effecteur)
    Participation.objects.update(cree_le=datetime(2026, 11, 2, tzinfo=UTC))
    return sorted(Participation.objects.values_list("effecteur", flat=True))


@pytest.fixture
def suites(monkeypatch) -> list[tuple[str, int]]:
    """Un lot d’un seul, aucun temps de plus qu’un lot ; rend les passages suivants que les tâches demandent."""
    envoyees: list[tuple[str, int]] = []
    ecoule = iter(range(0, 10_000, 60))
    monkeypatch.setattr("agenda.tasks.monotonic", lambda: next(ecoule))
    monkeypatch.setattr("agenda.eligibilite.alertes.LOT", 1)
    monkeypatch.setattr("agenda.eligibilite.releves.LOT", 1)
    for tache in (
        tasks.relever_heures,
        tasks.relever_heures_des_structures,
        tasks.alerter_heures_insuffisantes,
    ):
        nom = tache.name.rpartition(".")[2]
        envoi = Mock(
            side_effect=lambda nom=nom, kwargs=None, **_: envoyees.append(
                (nom, (kwargs or {}).get("apres", 0))
            )
        )
        monkeypatch.setattr(tache, "apply_async", envoi)
    return envoyees


def test_un_passage_traite_un_lot_au_moins_et_dit_ou_reprendre():
    traites: list[int] = []

    def traiter(lot: list[int]) -> int:
        traites.extend(lot)
        return len(lot)

    assert parcourir([[1, 2], [5]], traiter, lambda: False) == Passage(2, 2)
    assert parcourir([[5]], traiter, lambda: False) == Passage(1)
    assert parcourir([], traiter, lambda: True) == Passage(0)
    assert traites == [1, 2, 5]


def test_les_alertes_partent_en_plusieurs_passages_chacune_une_fois(effecteurs, suites, horloge):
    horloge.move_to(VENDREDI)

    assert tasks.alerter_heures_insuffisantes() == 2
    assert suites == [("alerter_heures_insuffisantes", effecteurs[1])]
    assert tasks.alerter_heures_insuffisantes(apres=effecteurs[1]) == 1

    assert len(suites) == 1
    assert sorted(Courriel.objects.values_list("destinataire", flat=True)) == [
        f"medecin{n}@exemple.invalid" for n in range(3)
    ]


def test_un_passage_d_alerte_redonne_n_ecrit_a_personne_deux_fois(effecteurs, suites, horloge):
    horloge.move_to(VENDREDI)
    tasks.alerter_heures_insuffisantes()

    assert tasks.alerter_heures_insuffisantes() == 0
    assert tasks.alerter_heures_insuffisantes(apres=effecteurs[1]) == 1
    assert tasks.alerter_heures_insuffisantes(apres=effecteurs[1]) == 0

    assert Courriel.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_le_meme_passage_joue_en_meme_temps_n_ecrit_a_personne_deux_fois(effecteurs):
    depart = Barrier(2)

    def alerter() -> int:
        try:
            depart.wait(timeout=10)
            return alertes.alerter(VENDREDI).nombre
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as fils:
        nombres = [fil.result() for fil in [fils.submit(alerter) for _ in range(2)]]

    assert sorted(nombres) == [0, 3]
    assert Courriel.objects.count() == 3


def test_les_releves_se_font_en_plusieurs_passages_puis_ceux_des_structures(effecteurs, suites, horloge):
    horloge.move_to(LUNDI_SUIVANT)
    centre = LieuExerciceFactory(effecteur=None, structure=StructureFactory()).structure
    ParticipationStructureFactory(structure=centre)

    assert tasks.relever_heures() == 2
    assert tasks.relever_heures() == 0  # le courtier l’a redonnée
    assert tasks.relever_heures(apres=effecteurs[1]) == 1
    assert suites == [
        ("relever_heures", effecteurs[1]),
        ("relever_heures", effecteurs[1]),
        ("relever_heures_des_structures", 0),
    ]
    tasks.relever_heures_des_structures()
    tasks.relever_heures_des_structures()

    releves = ReleveHebdomadaire.objects.order_by("effecteur")
    assert list(releves.exclude(effecteur=None).values_list("effecteur", flat=True)) == effecteurs
    assert len(suites) == 3
