import csv
import math
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command

import annuaire
from annuaire.models import Commune, Departement, Profession, Specialite

DONNEES = Path(annuaire.__file__).parent / "donnees"
DECALES = {
    "2A": 90, "2B": 97, "21": 133, "22": 118, "23": 106, "24": 136,
    "25": 103, "26": 115, "27": 110, "28": 109, "29": 116,
}  # fmt: skip


def importer(*options):
    sortie, progression = StringIO(), StringIO()
    call_command("importer_communes", *options, stdout=sortie, stderr=progression)
    return sortie.getvalue(), progression.getvalue()


@pytest.fixture(scope="module", autouse=True)
def _charge(referentiels):
    """Tous les tests de ce fichier lisent les tables chargées une fois."""


@pytest.mark.django_db
def test_rejouer_le_chargement_ne_change_rien():
    resume, progression = importer("--ecrire")

    assert "communes 0 créées, 0 modifiées, 35008 inchangées" in resume
    assert resume.startswith("Écrit")
    assert "communes : 35008 lignes lues" in progression


@pytest.mark.django_db
def test_la_simulation_n_ecrit_rien():
    Departement.objects.filter(pk="59").update(rayon_defaut_km=99)
    Specialite.objects.all().delete()

    resume, _ = importer()

    assert resume.startswith("Simulation : départements 0 créées, 1 modifiées")
    assert "spécialités 30 créées" in resume
    assert Departement.objects.get(pk="59").rayon_defaut_km == 99
    assert not Specialite.objects.exists()


@pytest.mark.django_db
def test_le_chargement_corrige_ce_qui_differe_et_rien_d_autre():
    Departement.objects.filter(pk="59").update(rayon_defaut_km=99)
    Commune.objects.filter(pk="59350").update(nom="Lile")

    resume, _ = importer("--ecrire")

    assert "départements 0 créées, 1 modifiées" in resume
    assert "communes 0 créées, 1 modifiées" in resume
    assert Commune.objects.get(pk="59350").nom == "Lille"


@pytest.mark.django_db
def test_les_rayons_sont_ceux_recalcules_de_la_superficie():
    """Recalcul indépendant sur le tableau publié : seuls les onze départements décalés en diffèrent."""
    charges = dict(Departement.objects.values_list("code", "rayon_departement_km"))
    with (DONNEES / "rayons_recherche_2025.csv").open(encoding="utf-8") as flux:
        lignes = [
            (ligne["code_departement"], int(ligne["superficie_km2"]), int(ligne["rayon_departement_km"]))
            for ligne in csv.DictReader(flux)
            if ligne["superficie_km2"] != "0"
        ]

    assert all(charges[code] == round(math.sqrt(2 * superficie)) for code, superficie, _ in lignes)
    assert {code: charges[code] for code, _, publie in lignes if charges[code] != publie} == DECALES


@pytest.mark.django_db
@pytest.mark.parametrize(
    "code", ["971", "972", "973", "974", "975", "976", "977", "978", "986", "987", "988"]
)
def test_chaque_territoire_d_outre_mer_a_des_rayons_et_un_centre(code):
    departement = Departement.objects.get(pk=code)

    assert departement.rayon_defaut_km >= 5
    assert departement.pas_elargissement_km == math.ceil(departement.rayon_defaut_km / 2)
    assert departement.rayon_departement_km >= departement.rayon_defaut_km / 2
    assert departement.lat
    assert departement.lon


@pytest.mark.django_db
def test_tous_les_departements_ont_un_fuseau_connu():
    fuseaux = set(Departement.objects.values_list("fuseau", flat=True))

    assert len({str(ZoneInfo(fuseau)) for fuseau in fuseaux}) == len(fuseaux) == 12


@pytest.mark.django_db
def test_les_terres_sans_population_ne_sont_pas_chargees():
    assert not Departement.objects.filter(pk__in=["984", "989"]).exists()
    assert Departement.objects.count() == 107


@pytest.mark.django_db
def test_un_arrondissement_est_rattache_a_sa_commune():
    arrondissement = Commune.objects.get(pk="75115")

    assert arrondissement.commune_parente_id == "75056"
    assert arrondissement.codes_postaux == ["75015"]
    assert Commune.objects.filter(commune_parente__isnull=False).count() == 45


@pytest.mark.django_db
def test_la_medecine_generale_reunit_ses_trois_codes():
    generale = Specialite.objects.get(code="SM54")

    assert generale.savoir_faire == ["SM26", "SM53", "SM54"]
    assert generale.profession == Profession.objects.get(pk="10")
    assert "généraliste" in generale.synonymes


@pytest.mark.django_db
def test_chaque_type_de_structure_du_sas_se_cherche():
    types = Specialite.objects.exclude(type_structure="").values_list("code", "type_structure")

    assert dict(types) == {"CDS": "cds", "MSP": "msp", "CPTS": "cpts", "SOS": "sos"}
