"""Un mois mesuré : la France et deux territoires, posés tels quels."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from annuaire.models import Territoire
from remuneration.domaine.mois import Mois
from remuneration.models import MesureMensuelle, MoisMesure
from tests.annuaire.factories import TerritoireFactory

AVRIL = Mois(2026, 4)
CLOS_LE = datetime(2026, 6, 20, tzinfo=UTC)


def mesurer_a_la_main(mois: Mois, territoire: Territoire | None, **valeurs: float | dict[str, float]) -> None:
    """`recherches=10`, ou `orientations={"ioa": 2}` ; le mois est clos."""
    MoisMesure.objects.get_or_create(mois=mois.premier, defaults={"calcule_le": CLOS_LE, "clos_le": CLOS_LE})
    MesureMensuelle.objects.bulk_create(
        MesureMensuelle(mois=mois.premier, territoire=territoire, code=code, dimension=dimension, valeur=n)
        for code, lue in valeurs.items()
        for dimension, n in (lue if isinstance(lue, dict) else {"": lue}).items()
    )


@pytest.fixture
def nord(db) -> Territoire:
    return TerritoireFactory(nom="SAS du Nord")


@pytest.fixture
def sud(db) -> Territoire:
    return TerritoireFactory(nom="SAS du Sud")


@pytest.fixture
def avril(nord, sud) -> Mois:
    """Les chiffres de la présentation aux référents, et deux territoires."""
    mesurer_a_la_main(
        AVRIL,
        None,
        recherches=46_540,
        recherches_entree={"web": 40_000, "lrm": 6_000, "api": 540},
        recherches_suite={"0-1": 30_000, "24-48": 10_000, "sans_creneau": 6_000, "sans_resultat": 540},
        recherches_elargies=4_654,
        participants=17_057,
        interfaces=55_420,
        orientations={"premier_niveau": 9_000, "surnumeraire": 7_119, "editeur": 5_000},
        departements_sas=96,
        sas_quotidiens=91,
        territoires_ouverts=94,
        population=1000,
        population_sas=980,
        population_couverte=850,
        issues={"venu": 900, "pas_venu": 100, "inconnu": 1000},
        appels={"accepte": 60, "refus": 30, "sans_reponse": 10},
        heures_semaine={"2026-04-06": 10, "2026-04-13": 15},
        editeur_appels={"agenda": 200},
        editeur_erreurs={"agenda": 3},
        editeur_latence={"agenda:20": 200},
        sans_resultat_commune={"59350": 7, "": 2},
    )
    mesurer_a_la_main(AVRIL, nord, recherches=1_200, orientations={"surnumeraire": 300}, participants=40)
    mesurer_a_la_main(AVRIL, sud, recherches=8, orientations={"surnumeraire": 2}, participants=6)
    mesurer_a_la_main(AVRIL.precedent, None, recherches=40_000, orientations={"premier_niveau": 20_000})
    mesurer_a_la_main(AVRIL.precedent, nord, recherches=1_000)
    return AVRIL
