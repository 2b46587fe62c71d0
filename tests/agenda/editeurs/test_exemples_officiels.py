"""Les exemples publiés par l’ANS, dans les deux versions du guide, se lisent en entier."""

import datetime as dt
from pathlib import Path

import pytest

from agenda.editeurs.normaliseur import normaliser
from agenda.editeurs.verdicts import Demande, fenetre_interrogee

DONNEES = Path(__file__).parents[2] / "donnees" / "fhir"
PS = ("ps", "2021-11-04T14:00:00+00:00", {"810002673899", "810100050075"}, 4)
CPTS = ("cpts", "2024-06-12T16:20:00+02:00", {"810002909371"}, 1)
SOS = ("sos", "2023-08-18T09:00:00+02:00", {"334173748400020", "392080466300010"}, 4)
EXEMPLES = {
    "1.1.0/Bundle-ExampleBundlePSIndiv.json": PS,
    "1.1.0/Bundle-ExampleBundleCPTS.json": CPTS,
    "1.1.0/Bundle-ExampleBundleAgregateurSOS.json": SOS,
    "1.2.0/Bundle-ExampleBundlePSIndiv.json": PS,
    "1.2.0/Bundle-ExampleBundleCPTS1.json": CPTS,
    "1.2.0/Bundle-ExampleBundleAgregateurSOS.json": SOS,
}


def _lire(fichier):
    cas, maintenant, identifiants, _ = EXEMPLES[fichier]
    fenetre = fenetre_interrogee(dt.datetime.fromisoformat(maintenant))
    octets = (DONNEES / fichier).read_bytes()
    return normaliser([octets], Demande(cas=cas, identifiants=frozenset(identifiants), fenetre=fenetre))


def test_tous_les_exemples_copies_sont_lus():
    assert {str(f.relative_to(DONNEES)) for f in DONNEES.rglob("*.json")} == set(EXEMPLES)


@pytest.mark.parametrize("fichier", EXEMPLES)
def test_chaque_creneau_d_un_exemple_officiel_est_garde(fichier):
    lecture = _lire(fichier)

    assert lecture.comptes() == {"garde": EXEMPLES[fichier][-1]}
    assert not lecture.avertissements.keys() - {"lien_refuse", "rendez_vous_sans_lien"}


@pytest.mark.parametrize("version", ["1.1.0", "1.2.0"])
def test_l_exemple_ps_place_chaque_creneau_chez_son_praticien(version):
    creneaux = _lire(f"{version}/Bundle-ExampleBundlePSIndiv.json").gardes()

    assert [(c.proprietaire, c.lieu.idnst, c.sans_rendez_vous) for c in creneaux] == [
        ("810100050075", "1810004421", False),
        ("810100050075", "1810004956", True),
        ("810002673899", "1810004421", False),
        ("810002673899", "1810004421", False),
    ]


@pytest.mark.parametrize("fichier", [f for f in EXEMPLES if "CPTS" in f])
def test_l_exemple_cpts_accepte_l_identifiant_de_structure_sans_systeme(fichier):
    (creneau,) = _lire(fichier).gardes()

    assert (creneau.lieu.idnst, creneau.cpts) == ("412345678912345", ("1950047225",))


@pytest.mark.parametrize("fichier", [f for f in EXEMPLES if "SOS" in f])
def test_l_exemple_sos_donne_ses_points_fixes_mais_pas_ses_liens_en_http(fichier):
    creneaux = _lire(fichier).gardes()

    assert {c.lieu.ville for c in creneaux} == {"RENNES", "LORIENT"}
    assert {c.lien for c in creneaux} == {""}
