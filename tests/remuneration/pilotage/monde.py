"""Un petit pays tiré au hasard, toujours le même pour une graine : territoires qui se croisent, bords de mois, annulations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from annuaire.models import Commune, Effecteur, LieuExercice, Territoire
from comptes.models import Compte
from orientation.enums import Entree, Issue, SourceIssue, SuiteRecherche
from orientation.models import IssueOrientation, RecherchesDuJour
from participation.models import VersionParticipation
from remuneration.domaine.mois import Mois
from tests.annuaire.factories import (
    CommuneFactory,
    DepartementFactory,
    EffecteurFactory,
    LieuExerciceFactory,
    TerritoireFactory,
)
from tests.comptes.factories import CompteFactory
from tests.orientation.factories import OrientationExterneFactory, OrientationFactory, OutilTerritorialFactory
from tests.participation.factories import ParticipationFactory

PARIS = ZoneInfo("Europe/Paris")
MOIS = Mois(2026, 4)
APRES = datetime(2026, 5, 10, 2, tzinfo=UTC)
# Quelques minutes de part et d’autre de minuit à Paris, et le milieu du mois.
INSTANTS = [
    datetime(2026, 3, 31, 23, 55, tzinfo=PARIS),
    datetime(2026, 4, 1, 0, 5, tzinfo=PARIS),
    datetime(2026, 4, 15, 12, tzinfo=PARIS),
    datetime(2026, 4, 30, 23, 55, tzinfo=PARIS),
    datetime(2026, 5, 1, 0, 5, tzinfo=PARIS),
]


def communes() -> list[Commune]:
    """Deux départements ; une commune, Villeloin, hors de tout rayon."""
    nord, autre = DepartementFactory(), DepartementFactory(code="62", nom="Pas-de-Calais", rayon_defaut_km=20)
    return [
        CommuneFactory(
            code_insee="59350", nom="Lille", departement=nord, population=1000, lat=50.63, lon=3.05
        ),
        CommuneFactory(
            code_insee="59001", nom="Villebas", departement=nord, population=200, lat=50.70, lon=3.10
        ),
        CommuneFactory(
            code_insee="59002", nom="Villeloin", departement=nord, population=30, lat=49.9, lon=4.2
        ),
        CommuneFactory(
            code_insee="62001", nom="Villehaut", departement=autre, population=400, lat=50.99, lon=2.01
        ),
        CommuneFactory(
            code_insee="62002", nom="Villemer", departement=autre, population=5, lat=51.02, lon=1.98
        ),
    ]


def peupler(graine: int) -> None:
    hasard = Random(graine)
    villes = communes()
    territoires: list[Territoire | None] = [
        TerritoireFactory(departements=[villes[0].departement]),
        TerritoireFactory(communes=[villes[1], villes[3]]),
        None,
    ]
    regulateur = CompteFactory()
    effecteurs = [_effecteur(hasard, villes) for _ in range(24)]
    lieux = list(LieuExercice.objects.filter(effecteur__in=effecteurs))
    for _ in range(60):
        _orientation(hasard, hasard.choice(lieux), hasard.choice(territoires), regulateur)
    outil = OutilTerritorialFactory(territoire=territoires[0])
    for instant in INSTANTS:
        OrientationExterneFactory(
            outil=outil, orientee_le=instant, effecteur=effecteurs[0], est_annulee=hasard.random() < 0.3
        )
    for rang in range(40):
        instant = hasard.choice(INSTANTS)
        RecherchesDuJour.objects.create(
            jour=instant.date(),
            territoire=hasard.choice(territoires),
            commune_insee=hasard.choice(villes).pk,
            quoi=f"s:{rang}",
            entree=hasard.choice(Entree.values),
            suite=hasard.choice(SuiteRecherche.values),
            nombre=hasard.randrange(1, 9),
            elargies=hasard.randrange(2),
        )


def _effecteur(hasard: Random, villes: list[Commune]) -> Effecteur:
    """Sans déclaration, déclaré avant ou après la fin du mois, retiré, ou repris sans historique."""
    effecteur = EffecteurFactory(
        savoir_faire=hasard.choice([["SM54"], ["SM40"]]), est_actif=hasard.random() < 0.9
    )
    for ville in hasard.sample(villes[:2] + villes[3:], hasard.randrange(1, 3)):
        LieuExerciceFactory(
            effecteur=effecteur, commune=ville, lat=ville.lat, lon=ville.lon, est_actif=hasard.random() < 0.9
        )
    sort = hasard.randrange(5)
    if sort == 4:
        repris = ParticipationFactory(effecteur=effecteur)
        type(repris).objects.filter(pk=repris.pk).update(cree_le=hasard.choice(INSTANTS))
    else:
        for instant in sorted(hasard.sample(INSTANTS, sort)):
            VersionParticipation.objects.create(
                effecteur=effecteur, le=instant, apres={"participe": hasard.random() < 0.7}
            )
    return effecteur


def _orientation(
    hasard: Random, lieu: LieuExercice, territoire: Territoire | None, regulateur: Compte
) -> None:
    instant = hasard.choice(INSTANTS)
    orientation = OrientationFactory(
        surnumeraire=True,
        acteur=regulateur,
        lieu=lieu,
        territoire=territoire,
        prise_le=instant,
        debut=instant + timedelta(hours=3),
        annulee_le=instant + timedelta(hours=1) if hasard.random() < 0.2 else None,
    )
    for rang, issue in enumerate(hasard.sample(Issue.values, hasard.randrange(3))):
        IssueOrientation.objects.create(
            orientation=orientation,
            issue=issue,
            source=SourceIssue.EDITEUR,
            le=instant + timedelta(days=1, hours=rang),
        )
