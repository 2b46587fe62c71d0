"""Rien de perdu, rien de compté deux fois, où que le versement s’arrête."""

import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from orientation.compteurs import versement
from orientation.compteurs.prise import Comptee, Constat, noter
from orientation.compteurs.versement import LOTS, cle_du_lot, verser
from orientation.enums import Entree, SuiteRecherche
from orientation.models import LotDeCompteurs, RecherchesDuJour
from sas_platform.socle.courtier import connexion

LE = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)
CONSTAT = Constat(compte_id=1, commune_insee="59350", quoi="s:1", entree=Entree.WEB, elargie=False)


def chercher(fois: int = 1, le: datetime = LE) -> None:
    for _ in range(fois):
        noter([Comptee(CONSTAT, SuiteRecherche.MOINS_1_H, 30, le)])


def total() -> tuple[int, int]:
    lignes = RecherchesDuJour.objects.values_list("nombre", "delai_min")
    return sum(nombre for nombre, _ in lignes), sum(delai for _, delai in lignes)


@pytest.mark.django_db
def test_les_versements_s_ajoutent_sur_une_meme_ligne():
    chercher(2)
    verser(maintenant=LE)
    chercher(3)

    assert verser(maintenant=LE) == 3
    assert RecherchesDuJour.objects.count() == 1
    assert total() == (5, 150)


@pytest.mark.django_db
def test_rien_a_verser_n_ecrit_rien():
    assert verser(maintenant=LE) == 0
    assert not LotDeCompteurs.objects.exists()


@pytest.mark.django_db
def test_le_jour_est_celui_de_paris():
    chercher(le=datetime(2026, 11, 2, 23, 30, tzinfo=UTC))
    verser(maintenant=LE)

    assert str(RecherchesDuJour.objects.get().jour) == "2026-11-03"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "ou",
    [
        pytest.param("lire", id="avant d’écrire en base"),
        pytest.param("oublier", id="après avoir écrit, avant que Redis n’oublie"),
    ],
)
def test_interrompu_le_versement_reprend_sans_perdre_ni_doubler(monkeypatch, ou):
    chercher(3)

    class Coupure(Exception):
        pass

    def couper(*args: object) -> None:
        raise Coupure

    with monkeypatch.context() as coupe:
        if ou == "lire":
            coupe.setattr(versement, "_lire", couper)
        else:
            coupe.setattr(connexion(), "delete", couper)
        with pytest.raises(Coupure):
            verser(maintenant=LE)
    chercher(2)
    verser(maintenant=LE)
    verser(maintenant=LE)

    assert total() == (5, 150)
    assert connexion().keys("compteurs:lot*") == []


@pytest.mark.django_db
def test_redis_qui_oublie_a_moitie_ne_fait_rien_compter_deux_fois():
    """Le lot est parti de Redis, son inscription non : il n’y a plus rien à ajouter, et rien ne casse."""
    connexion().sadd(LOTS, str(uuid.uuid4()))
    chercher()
    verser(maintenant=LE)

    assert total() == (1, 30)
    assert not connexion().smembers(LOTS)


@pytest.mark.django_db(transaction=True)
def test_deux_versements_du_meme_lot_a_la_fois_n_en_ajoutent_qu_un(monkeypatch):
    chercher(4)
    ensemble = threading.Barrier(2)
    vrai = versement._territoires

    def attendre(*args: object) -> object:
        ensemble.wait(timeout=10)
        return vrai(*args)

    monkeypatch.setattr(versement, "_territoires", attendre)
    lot = uuid.uuid4()
    connexion().rename("compteurs:recherches", cle_du_lot(str(lot)))
    ajoutes: list[int] = []

    def un_passage() -> None:
        try:
            ajoutes.append(versement._verser_un_lot(lot, LE))
        finally:
            connection.close()

    fils = [threading.Thread(target=un_passage) for _ in range(2)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join(timeout=20)

    assert sorted(ajoutes) == [0, 4]
    assert total() == (4, 120)


@pytest.mark.django_db
def test_les_lots_anciens_s_oublient():
    LotDeCompteurs.objects.create(uuid=uuid.uuid4(), verse_le=LE - timedelta(days=8))
    chercher()
    verser(maintenant=LE)

    assert [lot.verse_le for lot in LotDeCompteurs.objects.all()] == [LE]
