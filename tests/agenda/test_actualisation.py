"""Ce qu’une recherche fait relire : les lots trop vieux de ce qu’elle montre, une fois, sans jamais échouer."""

from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest
import redis
from kombu.exceptions import OperationalError

from agenda import actualisation, tasks
from agenda.actualisation import demander, en_cours, lots_montres
from agenda.editeurs import demande
from agenda.models import Lot
from annuaire.models import LieuExercice
from tests.agenda.factories import EditeurFactory, LotFactory, RaccordementFactory
from tests.annuaire.factories import LieuExerciceFactory, StructureFactory

pytestmark = pytest.mark.django_db
MAINTENANT = datetime(2026, 11, 2, 7, tzinfo=UTC)


@pytest.fixture
def envois(monkeypatch, settings) -> Mock:
    """Les messages envoyés pour un écran, sans jouer ce qu’ils demandent."""
    settings.EDITEURS_ACTUALISATION_S = 60
    envoi = Mock()
    monkeypatch.setattr(tasks.repartir_pour_un_ecran, "apply_async", envoi)
    return envoi


def lieu_lu(il_y_a_s: int | None, **champs: object) -> LieuExercice:
    lieu = LieuExerciceFactory()
    vu_le = None if il_y_a_s is None else MAINTENANT - timedelta(seconds=il_y_a_s)
    lot = LotFactory(interroge_le=vu_le, **champs)
    RaccordementFactory(effecteur=lieu.effecteur, lot=lot)
    return lieu


def enfiles(envois: Mock) -> list[tuple[int, list[int]]]:
    return [un for appel in envois.call_args_list for un in appel.kwargs["kwargs"]["lots"]]


@pytest.mark.parametrize(
    ("age", "relu"),
    [
        pytest.param(59, False, id="frais"),
        pytest.param(60, True, id="à l’âge réglé"),
        pytest.param(None, True, id="jamais lu"),
    ],
)
def test_ce_qui_est_trop_vieux_est_relu(envois, age, relu):
    demander([[lieu_lu(age).pk]], MAINTENANT)

    assert bool(envois.called) == relu


def test_un_ecran_envoie_un_seul_message_pour_tous_ses_editeurs(envois):
    editeur = EditeurFactory()
    lieux = [lieu_lu(300, editeur=editeur).pk for _ in range(3)] + [lieu_lu(300).pk]

    demander([lieux], MAINTENANT)

    assert [(len(lots)) for _, lots in enfiles(envois)] == [3, 1]
    envois.assert_called_once()
    assert envois.call_args.kwargs["expires"] == tasks.ATTENTE_IMMEDIATE_S


def test_le_message_devient_une_tache_par_editeur(monkeypatch):
    envoi = Mock()
    monkeypatch.setattr(tasks.interroger_pour_un_ecran, "apply_async", envoi)

    assert tasks.repartir_pour_un_ecran(lots=[(1, [10, 11]), (2, [20])]) == 2

    demandes = [appel.kwargs["kwargs"] for appel in envoi.call_args_list]
    assert demandes == [{"editeur_id": 1, "lot_ids": [10, 11]}, {"editeur_id": 2, "lot_ids": [20]}]
    assert all(appel.kwargs["expires"] == tasks.ATTENTE_IMMEDIATE_S for appel in envoi.call_args_list)


def test_un_lot_deja_demande_n_est_pas_redemande_mais_compte(envois):
    lieu = lieu_lu(300)
    demander([[lieu.pk]], MAINTENANT)
    demander([[lieu.pk]], MAINTENANT)

    lot = Lot.objects.get()
    assert enfiles(envois) == [(lot.editeur_id, [lot.pk])]
    assert demande.lire(MAINTENANT) == {lot.pk: 2.0}
    assert en_cours(lots_montres([lieu.pk])) == {lot.pk}


def test_un_lot_compte_une_fois_par_ecran_qui_le_montre(envois):
    partage, seul = (lieu_lu(300) for _ in range(2))
    deuxieme_lieu = LieuExerciceFactory(effecteur=partage.effecteur)

    demander([[partage.pk, deuxieme_lieu.pk], [seul.pk, partage.pk]], MAINTENANT)

    recherches = {
        lot.raccordements.get().effecteur: demande.lire(MAINTENANT)[lot.pk] for lot in Lot.objects.all()
    }
    assert recherches == {partage.effecteur: 2.0, seul.effecteur: 1.0}
    envois.assert_called_once()


def test_les_premieres_cartes_de_chaque_ecran_passent_avant_les_autres(envois, monkeypatch):
    monkeypatch.setattr(actualisation, "LOTS_MAX", 1)
    ecrans = [[lieu_lu(300).pk for _ in range(3)] for _ in range(2)]

    demander(ecrans, MAINTENANT)

    relus = Lot.objects.filter(pk__in=[lot for _, lots in enfiles(envois) for lot in lots])
    premiers = LieuExercice.objects.filter(pk__in=[ecran[0] for ecran in ecrans])
    assert {lot.raccordements.get().effecteur_id for lot in relus} == {lieu.effecteur_id for lieu in premiers}


def test_les_premieres_cartes_passent_d_abord(envois, settings):
    settings.EDITEURS_ECRANS_MAX = 1
    editeur = EditeurFactory()
    dernier, premier = (lieu_lu(300, editeur=editeur) for _ in range(2))

    demander([[premier.pk, dernier.pk]], MAINTENANT)

    ((_, lots),) = enfiles(envois)
    assert Lot.objects.get(pk__in=lots).raccordements.get().effecteur == premier.effecteur


def test_les_points_fixes_d_une_association_ont_les_lots_de_l_association():
    association = StructureFactory(sos=True)
    point = LieuExerciceFactory(de_structure=True, structure=association)
    raccordement = RaccordementFactory(effecteur=None, structure=association)
    du_confrere = LieuExerciceFactory(structure=association)

    assert [lot.id for lot in lots_montres([point.pk])] == [raccordement.lot_id]
    assert lots_montres([du_confrere.pk]) == []


@pytest.mark.parametrize("panne", [redis.ConnectionError(), OperationalError()], ids=["Redis", "Celery"])
def test_sans_courtier_la_recherche_ne_s_en_apercoit_pas(envois, panne):
    envois.side_effect = panne
    lieu = lieu_lu(300)

    demander([[lieu.pk]], MAINTENANT)

    assert en_cours(lots_montres([lieu.pk])) == set() or isinstance(panne, redis.RedisError)


def test_desactivee_elle_ne_lit_rien(settings, django_assert_num_queries):
    settings.EDITEURS_ACTUALISATION_S = 0

    with django_assert_num_queries(0):
        demander([[1]], MAINTENANT)


def test_le_nombre_de_requetes_ne_suit_pas_celui_des_lieux(envois, compter_requetes):
    un = [lieu_lu(300).pk]
    avec_un = compter_requetes(lambda: demander([un], MAINTENANT))
    plusieurs = [lieu_lu(300).pk for _ in range(6)]

    assert compter_requetes(lambda: demander([plusieurs], MAINTENANT)) == avec_un


def test_on_ne_fait_pas_attendre_un_ecran_plus_que_la_tache_ne_vit():
    assert actualisation.ATTENTE_IMMEDIATE_S <= 15
