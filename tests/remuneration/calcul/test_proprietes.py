"""Ce qui doit rester vrai de tout trimestre : l’ordre des saisies n’y fait rien, une orientation annulée non plus."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from annuaire.models import LieuExercice, Territoire
from orientation.enums import NatureExterne
from orientation.models import OutilTerritorial
from remuneration.calcul import calculer, ouvrir
from remuneration.models import Decompte
from tests.annuaire.factories import LieuExerciceFactory, StructureFactory
from tests.orientation.factories import OrientationExterneFactory, OutilTerritorialFactory
from tests.remuneration.calcul.monde import medecin, orienter, sas_ouvert

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("regles_semees")]
JUILLET = date(2025, 7, 1)
OCTOBRE = datetime(2025, 10, 3, 9, tzinfo=UTC)
Sommes = dict[tuple[str, int], tuple[int, Decimal]]


@dataclass(frozen=True)
class Evenement:
    """Une orientation, ou ce qu’en verse l’outil d’un territoire ; `minutes` : à partir de l’instant de l’orientation."""

    lieu: int
    debut: datetime
    minutes: int
    issue: str
    modalites: tuple[str, ...]
    est_verse: bool
    a_une_heure: bool
    est_annule: bool = False


def tirer(alea: Random, nombre: int, **fixes: object) -> list[Evenement]:
    """Peu de jours et peu d’heures : beaucoup d’égalités, un plafond de semaine atteint, des doublons qui se disputent."""
    fuseau = ZoneInfo("Europe/Paris")
    evenements = []
    for _ in range(nombre):
        jour = JUILLET + timedelta(days=alea.randrange(2))
        champs = {
            "lieu": alea.randrange(3),
            "debut": datetime(jour.year, jour.month, jour.day, alea.choice([9, 19, 20]), tzinfo=fuseau),
            "minutes": alea.choice([-8, -4, 0, 4, 8, 11]),
            "issue": alea.choice(["venu", "venu", "venu", "pas_venu", ""]),
            "modalites": alea.choice([("cabinet",), ("domicile",)]),
            "est_verse": alea.random() < 0.3,
            "a_une_heure": alea.random() < 0.5,
        }
        evenements.append(Evenement(**champs | fixes))
    # Deux faits au même instant, à la seconde près, seraient indiscernables : leur numéro d’arrivée les départage.
    uniques = {(e.lieu, e.debut, e.minutes, e.est_verse): e for e in evenements}
    return list(uniques.values())


def ecrire(evenement: Evenement, lieux: list[LieuExercice], outil: OutilTerritorial) -> None:
    lieu, debut = lieux[evenement.lieu], evenement.debut
    orientee_le = debut - timedelta(hours=3) + timedelta(minutes=evenement.minutes)
    if evenement.est_verse:
        OrientationExterneFactory(
            outil=outil,
            effecteur=lieu.effecteur,
            structure=lieu.structure,
            orientee_le=orientee_le,
            rendez_vous_le=debut if evenement.a_une_heure else None,
            nature=NatureExterne.EN_SUS,
            issue=evenement.issue or "inconnue",
            est_annulee=evenement.est_annule,
        )
        return
    champs = {"annulee_le": orientee_le} if evenement.est_annule else {}
    modalites = list(evenement.modalites)
    orienter(lieu, debut, issue=evenement.issue, avant=debut - orientee_le, modalites=modalites, **champs)


@pytest.fixture
def lieux() -> list[LieuExercice]:
    sas_ouvert()
    point_fixe = LieuExerciceFactory(de_structure=True, structure=StructureFactory(sos=True))
    return [medecin(), medecin(), point_fixe]


def sommes(evenements: list[Evenement], lieux: list[LieuExercice]) -> Sommes:
    """Ce que le trimestre vaut à chacun ; puis le monde redevient vide."""
    with transaction.atomic():
        outil = OutilTerritorialFactory(territoire=Territoire.objects.get())
        for evenement in evenements:
            ecrire(evenement, lieux, outil)
        calcul = calculer(ouvrir("2025T3"), OCTOBRE + timedelta(days=1))
        decomptes = Decompte.objects.filter(calcul=calcul)
        lues = {
            (d.prestation, d.effecteur_id or -d.structure_id): (d.nombre, d.montant)
            for d in decomptes
            if d.nombre
        }
        transaction.set_rollback(True)
    return lues


@pytest.mark.parametrize("graine", range(5))
def test_l_ordre_des_saisies_ne_change_rien(graine, lieux, horloge):
    horloge.move_to(OCTOBRE)
    alea = Random(graine)
    evenements = tirer(alea, 90)
    dans_un_autre_ordre = alea.sample(evenements, len(evenements))

    assert sommes(dans_un_autre_ordre, lieux) == sommes(evenements, lieux) != {}


def test_deux_orientations_aussi_proches_se_departagent_par_leur_instant(lieux, horloge):
    """Versé sans heure, un acte à quatre minutes de deux orientations est la première, quelle que soit la saisie."""
    horloge.move_to(OCTOBRE)
    debut = datetime(2025, 7, 1, 9, tzinfo=ZoneInfo("Europe/Paris"))
    commun = {"lieu": 0, "debut": debut, "issue": "venu", "modalites": ("cabinet",), "a_une_heure": False}
    premiere, seconde = (Evenement(minutes=m, est_verse=False, **commun) for m in (-4, 4))
    verses = [Evenement(minutes=m, est_verse=True, **commun) for m in (-8, 0)]

    ordres = ([premiere, seconde, *verses], [seconde, premiere, *verses])

    assert sommes(ordres[0], lieux) == sommes(ordres[1], lieux)


@pytest.mark.parametrize("graine", range(3))
def test_des_orientations_annulees_ne_changent_rien(graine, lieux, horloge):
    horloge.move_to(OCTOBRE)
    alea = Random(graine)
    evenements = tirer(alea, 40)
    annulees = tirer(alea, 20, est_annule=True)
    melees = alea.sample(evenements + annulees, len(evenements) + len(annulees))

    assert sommes(melees, lieux) == sommes(evenements, lieux) != {}
