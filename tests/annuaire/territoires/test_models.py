from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from annuaire.models import Commune, RayonTerritoire, Territoire
from annuaire.territoires.lectures import communes_de, effecteurs_de, recouvrant, structures_de
from tests.annuaire.factories import (
    CommuneFactory,
    DepartementFactory,
    LieuExerciceFactory,
    StructureFactory,
    TerritoireFactory,
)

pytestmark = pytest.mark.django_db
DEBUT = datetime(2026, 1, 1, tzinfo=UTC)


def departement(code: str, nom: str):
    return DepartementFactory(code=code, nom=nom)


def commune(code: str, nom: str, dep, *, parente: Commune | None = None, postaux: tuple[str, ...] = ()):
    return CommuneFactory(
        code_insee=code, nom=nom, departement=dep, commune_parente=parente, codes_postaux=list(postaux)
    )


def noms(commune: Commune) -> list[str]:
    return sorted(Territoire.objects.couvrant(commune).values_list("nom", flat=True))


def test_un_territoire_couvre_ses_departements_et_eux_seuls():
    cote_d_or, nievre, nord = (
        departement("21", "Côte-d’Or"),
        departement("58", "Nièvre"),
        DepartementFactory(),
    )
    TerritoireFactory(nom="SAS-58 / 21", departements=[cote_d_or, nievre])
    TerritoireFactory(nom="SAS-59", departements=[nord])

    assert noms(commune("21231", "Dijon", cote_d_or)) == ["SAS-58 / 21"]
    assert noms(commune("58194", "Nevers", nievre)) == ["SAS-58 / 21"]
    assert noms(CommuneFactory()) == ["SAS-59"]


def test_une_partie_de_departement_se_nomme_par_codes_insee_non_par_codes_postaux():
    """W-52 : un code postal partagé ne met pas une commune dans deux territoires."""
    seine_maritime = departement("76", "Seine-Maritime")
    rouen = commune("76540", "Rouen", seine_maritime, postaux=("76000", "76100"))
    voisine = commune("76108", "Bois-Guillaume", seine_maritime, postaux=("76000",))
    TerritoireFactory(nom="SAS-76A", communes=[rouen])
    TerritoireFactory(nom="SAS-76B", communes=[voisine])

    assert noms(rouen) == ["SAS-76A"]
    assert noms(voisine) == ["SAS-76B"]


def test_un_arrondissement_suit_sa_ville():
    rhone = departement("69", "Rhône")
    lyon = commune("69123", "Lyon", rhone)
    troisieme = commune("69383", "Lyon 3e", rhone, parente=lyon)
    TerritoireFactory(nom="SAS Lyon", communes=[lyon])

    assert noms(troisieme) == ["SAS Lyon"]
    assert set(communes_de(Territoire.objects.filter(nom="SAS Lyon"))) == {lyon, troisieme}


def test_les_deux_departements_de_corse_sont_deux():
    """W-53 : 2A et 2B ne sont pas des nombres, et « 20… » ne dit pas lequel."""
    sud, nord = departement("2A", "Corse-du-Sud"), departement("2B", "Haute-Corse")
    ajaccio = commune("2A004", "Ajaccio", sud, postaux=("20000",))
    bastia = commune("2B033", "Bastia", nord, postaux=("20200",))
    TerritoireFactory(nom="SAS-2A", departements=[sud])
    TerritoireFactory(nom="SAS Corse", departements=[sud, nord])

    assert noms(ajaccio) == ["SAS Corse", "SAS-2A"]
    assert noms(bastia) == ["SAS Corse"]


def test_l_outre_mer_a_ses_territoires():
    saint_denis = CommuneFactory(reunion=True)
    TerritoireFactory(nom="SAS-974", departements=[saint_denis.departement])
    TerritoireFactory(nom="SAS-97 faux", departements=[departement("97", "Faux")])

    assert noms(saint_denis) == ["SAS-974"]


@pytest.mark.parametrize(
    ("ouvert", "ferme", "attendu"),
    [
        (None, None, False),
        (date(2026, 3, 18), None, False),
        (date(2026, 3, 17), None, True),
        (date(2023, 1, 1), date(2026, 3, 18), True),
        (date(2023, 1, 1), date(2026, 3, 17), False),
    ],
    ids=["jamais ouvert", "ouvre demain", "ouvre ce jour", "ferme demain", "fermé ce jour"],
)
def test_rien_n_est_du_ou_aucun_sas_ne_fonctionne(ouvert, ferme, attendu):
    territoire = TerritoireFactory(ouvert_date=ouvert, ferme_date=ferme)

    ouverts = Territoire.objects.operationnels(date(2026, 3, 17))

    assert (territoire in ouverts) is attendu


def test_un_sas_ne_ferme_pas_avant_d_avoir_ouvert():
    with pytest.raises(IntegrityError), transaction.atomic():
        TerritoireFactory(ouvert_date=date(2026, 3, 17), ferme_date=date(2026, 3, 17))


def test_deux_rayons_d_un_territoire_se_suivent_sans_se_chevaucher():
    territoire = TerritoireFactory()

    def poser(debut: int, fin: int | None, **km: int) -> None:
        rayons = {"rayon_defaut_km": 10, "pas_elargissement_km": 5, "rayon_maximal_km": 40} | km
        RayonTerritoire.objects.create(
            territoire=territoire,
            debut_le=DEBUT + timedelta(days=debut),
            fin_le=DEBUT + timedelta(days=fin) if fin else None,
            **rayons,
        )

    poser(0, 10)
    poser(10, None)

    for mauvais in ({"debut": 5, "fin": 6}, {"debut": 30, "fin": None}):
        with pytest.raises(IntegrityError, match="un_seul_a_la_fois"), transaction.atomic():
            poser(**mauvais)
    with pytest.raises(IntegrityError, match="utilisable"), transaction.atomic():
        poser(-10, 0, rayon_maximal_km=9)


def test_effecteurs_et_structures_d_un_territoire():
    ici, ailleurs = CommuneFactory(), CommuneFactory(reunion=True)
    territoire = TerritoireFactory(departements=[ici.departement])
    seul = Territoire.objects.filter(pk=territoire.pk)
    dedans, dehors = LieuExerciceFactory(commune=ici), LieuExerciceFactory(reunion=True)
    ferme = LieuExerciceFactory(commune=ici, est_actif=False)
    par_la_zone = StructureFactory(cpts=True, commune=ailleurs)
    par_la_zone.communes_intervention.add(ici)
    loin = StructureFactory(commune=ailleurs)

    assert dedans.effecteur in effecteurs_de(seul)
    assert not {dehors.effecteur, ferme.effecteur} & set(effecteurs_de(seul))
    assert par_la_zone in structures_de(seul)
    assert loin not in structures_de(seul)


def test_deux_territoires_peuvent_se_recouvrir_et_cela_se_voit():
    nord = DepartementFactory()
    lille = CommuneFactory()
    entier = TerritoireFactory(nom="SAS-59", departements=[nord])
    partie = TerritoireFactory(nom="SAS Lille", communes=[lille])
    TerritoireFactory(nom="SAS-974", departements=[CommuneFactory(reunion=True).departement])

    assert list(recouvrant(entier)) == [partie]
    assert list(recouvrant(partie)) == [entier]
