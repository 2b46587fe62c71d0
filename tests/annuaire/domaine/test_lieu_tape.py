import pytest
from hypothesis import given
from hypothesis import strategies as st

from annuaire.domaine.lieu_tape import LieuTape, analyser


@pytest.mark.parametrize(
    ("texte", "attendu"),
    [
        pytest.param("59000", LieuTape(code_postal="59000"), id="code postal"),
        pytest.param("59000 Lille", LieuTape(code_postal="59000", nom="lille"), id="code et ville"),
        pytest.param(
            "12 rue du 8 mai, 59000 Lille", LieuTape(code_postal="59000", nom="lille"), id="adresse"
        ),
        pytest.param("Lille Cedex 9, 59033", LieuTape(code_postal="59033", nom="lille"), id="CEDEX"),
        pytest.param("Paris 15", LieuTape(arrondissement="75115"), id="arrondissement"),
        pytest.param("lyon 3ème", LieuTape(arrondissement="69383"), id="ordinal accentué"),
        pytest.param("Marseille 1er", LieuTape(arrondissement="13201"), id="premier"),
        pytest.param("2a", LieuTape(departement="2A"), id="Corse-du-Sud"),
        pytest.param("974", LieuTape(departement="974"), id="outre-mer"),
        pytest.param("", LieuTape(), id="vide"),
        pytest.param("St-Étienne", LieuTape(nom="saint etienne", suites=("etienne",)), id="saint abrégé"),
    ],
)
def test_ce_qui_est_tape_se_comprend(texte, attendu):
    assert analyser(texte) == attendu


@given(st.text(max_size=400))
def test_aucun_texte_ne_fait_rien_lever(texte):
    tape = analyser(texte)

    assert sum(map(bool, (tape.arrondissement, tape.code_postal, tape.departement))) <= 1


@given(st.integers(1, 180), st.sampled_from(["rue", "avenue", "impasse"]), st.from_regex(r"\A[0-9]{5}\Z"))
def test_le_code_postal_d_une_adresse_est_toujours_vu(numero, voie, code):
    assert analyser(f"{numero} {voie} des Lilas, {code} Lille").code_postal == code
