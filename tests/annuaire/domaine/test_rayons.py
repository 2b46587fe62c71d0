import csv
import math
from pathlib import Path

import pytest

import annuaire
from annuaire.domaine.rayons import Rayons, rayon_pour, rayons

DONNEES = Path(annuaire.__file__).parent / "donnees"


@pytest.mark.parametrize(
    ("superficie", "publie", "densite", "etendue", "attendu"),
    [
        pytest.param(5785, 20, 0.077, 0, Rayons(20, 10, 108), id="Ain, publié"),
        pytest.param(8784, 20, 0.06, 0, Rayons(20, 10, 133), id="Côte-d’Or, décalée (W-02)"),
        pytest.param(105, 5, 23.0, 0, Rayons(5, 3, 14), id="Paris, pas arrondi au-dessus"),
        pytest.param(83534, 0, 0.00151313, 0, Rayons(50, 25, 409), id="Guyane, classe tirée de la densité"),
        pytest.param(374, 0, None, 0, Rayons(20, 10, 27), id="Mayotte, sans densité"),
        pytest.param(21, 0, None, 0, Rayons(5, 3, 6), id="Saint-Barthélemy, toute petite"),
        pytest.param(3521, 0, None, 1700, Rayons(50, 25, 1700), id="Polynésie, archipel étendu"),
        pytest.param(0.2, 0, None, 0, Rayons(5, 3, 1), id="jamais moins d’un kilomètre"),
    ],
)
def test_les_rayons_d_un_departement(superficie, publie, densite, etendue, attendu):
    calcules = rayons(
        superficie_km2=superficie, defaut_publie_km=publie, mg_par_km2=densite, etendue_km=etendue
    )

    assert calcules == attendu


@pytest.mark.parametrize("superficie", [0, -3])
def test_une_superficie_nulle_est_refusee(superficie):
    with pytest.raises(ValueError):
        rayons(superficie_km2=superficie)


def test_le_disque_contient_bien_cinq_praticiens():
    assert rayon_pour(5, 0.07721604) == pytest.approx(4.54, abs=0.01)  # Ain, W-01 : 4,5 km et non 36,5
    assert math.pi * rayon_pour(5, 0.2) ** 2 * 0.2 == pytest.approx(5)


def test_la_vraie_formule_retrouve_les_classes_publiees():
    """Seule la Guyane s’écarte : publiée à zéro, elle est de la classe 50."""
    with (DONNEES / "densite_mg_2020.csv").open(encoding="utf-8") as flux:
        densites = {ligne["code_departement"]: ligne["ps_par_km2"] for ligne in csv.DictReader(flux)}
    with (DONNEES / "rayons_recherche_2025.csv").open(encoding="utf-8") as flux:
        lignes = list(csv.DictReader(flux))
    publies = {ligne["code_departement"]: int(ligne["rayon_defaut_commune_km"]) for ligne in lignes}

    ecarts = {
        code: rayons(superficie_km2=1, mg_par_km2=float(densite)).defaut_km
        for code, densite in densites.items()
        if densite and rayons(superficie_km2=1, mg_par_km2=float(densite)).defaut_km != publies[code]
    }

    assert ecarts == {"973": 50}
