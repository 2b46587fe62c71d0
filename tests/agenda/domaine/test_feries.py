from datetime import date

import pytest

from agenda.domaine.feries import feries

PREMIER, DERNIER = date(2026, 1, 1), date(2027, 12, 31)


@pytest.mark.parametrize(
    ("departement", "jour", "nom"),
    [
        pytest.param("59", date(2026, 12, 25), "Noël", id="métropole"),
        pytest.param("59", date(2027, 3, 29), "Lundi de Pâques", id="fête mobile, année suivante"),
        pytest.param("974", date(2026, 12, 20), "Abolition de l’esclavage", id="La Réunion"),
        pytest.param("971", date(2026, 5, 27), "Abolition de l’esclavage", id="Guadeloupe"),
        pytest.param("972", date(2026, 5, 22), "Abolition de l’esclavage", id="Martinique"),
        pytest.param("973", date(2026, 6, 10), "Abolition de l’esclavage", id="Guyane"),
        pytest.param("976", date(2026, 4, 27), "Abolition de l’esclavage", id="Mayotte"),
        pytest.param("67", date(2026, 12, 26), "Saint-Étienne", id="Bas-Rhin"),
        pytest.param("57", date(2026, 4, 3), "Vendredi saint", id="Moselle"),
    ],
)
def test_chaque_territoire_a_ses_jours_feries(departement, jour, nom):
    assert feries(departement, PREMIER, DERNIER)[jour] == nom


@pytest.mark.parametrize("departement", ["975", "977", "978", "986", "987", "988"])
def test_les_collectivites_d_outre_mer_ont_les_fetes_nationales_et_les_leurs(departement):
    siennes = feries(departement, PREMIER, DERNIER)

    assert date(2026, 7, 14) in siennes


def test_une_fete_d_alsace_n_est_pas_feriee_ailleurs():
    assert date(2026, 12, 26) not in feries("59", PREMIER, DERNIER)


def test_seuls_les_jours_demandes_sont_rendus():
    assert feries("59", date(2026, 12, 24), date(2026, 12, 24)) == {}
    assert list(feries("59", date(2026, 12, 25), date(2027, 1, 1))) == [date(2026, 12, 25), date(2027, 1, 1)]
