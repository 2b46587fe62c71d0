"""Lundi 23 novembre 2026, 8 h à Paris : un lieu sans agenda encore, et qui le tient."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from agenda.actions import prendre_place
from agenda.domaine.recurrence import developper
from agenda.domaine.saisie import Saisie
from agenda.models import Disponibilite, Reservation
from sas_platform.socle.intervalles import Intervalle
from tests.annuaire.factories import LieuExerciceFactory, SpecialiteFactory
from tests.comptes.factories import CompteFactory

PARIS = ZoneInfo("Europe/Paris")
MAINTENANT = datetime(2026, 11, 23, 7, tzinfo=UTC)  # lundi, 8 h à Paris
LUNDI, MARDI = date(2026, 11, 23), date(2026, 11, 24)
MATIN = Saisie(
    est_plage=True,
    capacite=2,
    modalites=("cabinet",),
    premier_jour=LUNDI,
    horaires=((time(9), time(12)),),
    jours=frozenset({1, 2}),
)
FENETRE = Intervalle(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 12, 21, tzinfo=UTC))


@pytest.fixture
def lieu():
    SpecialiteFactory()
    return LieuExerciceFactory(fuseau="Europe/Paris")


@pytest.fixture
def auteur():
    return CompteFactory()


def prendre(lieu, debut: datetime, quand: datetime = MAINTENANT) -> Reservation:
    disponibilite = next(
        d
        for d in Disponibilite.objects.filter(lieu=lieu)
        if debut in {o.debut for o in developper(d.regle(lieu.fuseau), FENETRE)}
    )
    minute = int(debut.timestamp()) // 60
    return prendre_place(creneau_id=f"d{disponibilite.pk}-{minute}", maintenant=quand).reservation
