"""Un médecin à cinq lieux et quarante disponibilités répétées, le temps d’une mesure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import uuid4

from django.utils import timezone

from agenda.models import Disponibilite
from agenda.offre import rafraichir
from annuaire.models import LieuExercice
from comptes.enums import Role
from comptes.models import Compte
from tests.agenda.factories import DisponibiliteFactory
from tests.annuaire.factories import LieuExerciceFactory
from tests.mesures.agenda import personne
from tests.participation.factories import ParticipationFactory

LIEUX = 5
REGLES = 40
# En mer, au large des Landes : aucun autre lieu n’y répond à une recherche.
LAT, LON = 44.1, -1.6


@dataclass(frozen=True, slots=True)
class Cabinet:
    compte: Compte
    lieux: list[LieuExercice]


@contextmanager
def cabinet(maintenant: datetime) -> Iterator[Cabinet]:
    """Disparaît à la fin avec ses agendas ; seuls restent le compte et la trace."""
    identifiant = f"8997{uuid4().int % 10**8:08d}"  # fictif : aucun RPPS ne commence par 997
    compte = personne(Role.EFFECTEUR, identifiant_national=identifiant)
    participation = ParticipationFactory.create(effecteur__identifiant_national=identifiant)
    effecteur = participation.effecteur
    lieux = [
        LieuExerciceFactory.create(
            effecteur=effecteur, cle=f"mesure-{uuid4().hex}", lat=LAT + rang / 30, lon=LON
        )
        for rang in range(LIEUX)
    ]
    Disponibilite.objects.bulk_create(_regle(lieux[n % LIEUX], n, maintenant) for n in range(REGLES))
    rafraichir([lieu.pk for lieu in lieux], maintenant)
    try:
        yield Cabinet(compte, lieux)
    finally:
        Disponibilite.objects.filter(lieu__effecteur=effecteur).delete()
        effecteur.delete()


def _regle(lieu: LieuExercice, rang: int, maintenant: datetime) -> Disponibilite:
    """Une plage de deux heures, un ou deux jours par semaine ; elles se chevauchent parfois, comme dans la vie."""
    jour, heure = rang % 7 + 1, 8 + rang % 10
    disponibilite: Disponibilite = DisponibiliteFactory.build(
        lieu=lieu,
        plage=True,
        premier_jour=timezone.localdate(maintenant) - timedelta(days=7),
        jours=sorted({jour, (jour + 2) % 7 + 1}),
        heure_debut=time(heure),
        heure_fin=time(heure + 2),
    )
    return disponibilite
