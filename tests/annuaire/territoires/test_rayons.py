"""Les rayons réglés par un territoire valent pour toute recherche autour d’une de ses communes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from annuaire.lectures import localiser, par_commune, par_position
from annuaire.models import RayonTerritoire, Territoire
from tests.annuaire.factories import CommuneFactory, TerritoireFactory

pytestmark = pytest.mark.django_db
DEBUT = datetime(2026, 1, 1, tzinfo=UTC)


def regler(territoire: Territoire, defaut_km: int, *, fin_le: datetime | None = None) -> None:
    RayonTerritoire.objects.create(
        territoire=territoire,
        rayon_defaut_km=defaut_km,
        pas_elargissement_km=7,
        rayon_maximal_km=70,
        debut_le=DEBUT,
        fin_le=fin_le,
    )


@pytest.fixture
def lille():
    return CommuneFactory()


@pytest.fixture
def nord(lille) -> Territoire:
    return TerritoireFactory(nom="SAS-59", departements=[lille.departement])


def test_sans_reglage_ceux_du_departement_valent(lille, nord):
    trouve = par_commune(lille.pk)

    assert (trouve.rayon_defaut_km, trouve.pas_elargissement_km, trouve.rayon_maximal_km) == (10, 5, 300)


def test_le_reglage_du_territoire_vaut_par_tous_les_chemins(lille, nord):
    regler(nord, 25)

    trouves = [par_commune(lille.pk), localiser("Lille")[0], par_position(lille.lat, lille.lon)]

    assert [(t.rayon_defaut_km, t.pas_elargissement_km, t.rayon_maximal_km) for t in trouves] == [
        (25, 7, 70)
    ] * 3


def test_un_reglage_fini_ou_d_ailleurs_ne_vaut_pas(lille, nord):
    regler(nord, 25, fin_le=DEBUT + timedelta(days=1))
    regler(TerritoireFactory(departements=[CommuneFactory(reunion=True).departement]), 40)

    assert par_commune(lille.pk).rayon_defaut_km == 10


def test_le_territoire_qui_nomme_la_commune_l_emporte_arrondissements_compris(lille, nord):
    lomme = CommuneFactory(code_insee="59355", nom="Lomme", commune_parente=lille)
    regler(TerritoireFactory(communes=[lille]), 3)
    regler(nord, 25)

    assert par_commune(lille.pk).rayon_defaut_km == 3
    assert par_commune(lomme.pk).rayon_defaut_km == 3


def test_la_recherche_dans_tout_un_departement_garde_son_rayon(lille, nord):
    regler(nord, 25)

    assert localiser("59")[0].rayon_defaut_km == lille.departement.rayon_departement_km


def test_localiser_ne_coute_qu_une_requete_de_plus_sans_reglage(lille, nord, compter_requetes):
    from annuaire.territoires.rayons import rayons_en_cours

    assert compter_requetes(lambda: rayons_en_cours({lille.pk})) == 1
    assert compter_requetes(lambda: rayons_en_cours(set())) == 0
    regler(nord, 25)
    assert compter_requetes(lambda: rayons_en_cours({lille.pk, "59178"})) == 4
