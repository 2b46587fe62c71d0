import pytest
from hypothesis import given
from hypothesis import strategies as st

from annuaire.domaine.identifiants import (
    IdentifiantInvalideError,
    cle_finess_juste,
    cle_luhn,
    cle_rpps_juste,
    cle_siret_juste,
    est_adeli,
    est_finess,
    est_rpps,
    est_siret,
    identifiant_national,
)


def chiffres(taille):
    return st.text(alphabet="0123456789", min_size=taille, max_size=taille)


@given(chiffres(10))
def test_le_rpps_complete_de_sa_cle_est_juste(corps):
    assert cle_rpps_juste(corps + cle_luhn(corps))


@given(chiffres(10), st.integers(0, 9), st.integers(1, 9))
def test_une_faute_d_un_chiffre_se_voit_a_la_cle(corps, rang, ecart):
    juste = corps + cle_luhn(corps)
    faux = juste[:rang] + str((int(juste[rang]) + ecart) % 10) + juste[rang + 1 :]

    assert not cle_rpps_juste(faux)


@given(st.text(max_size=15))
def test_un_texte_quelconque_ne_fait_rien_lever(texte):
    assert est_rpps(texte) in (True, False)
    assert not (est_finess(texte) and est_siret(texte))
    assert cle_siret_juste(texte) in (True, False)
    assert cle_finess_juste(texte) in (True, False)


@pytest.mark.parametrize(
    ("finess", "juste"),
    [
        pytest.param("250000452", True, id="Doubs"),
        pytest.param("250000453", False, id="clé fausse"),
        pytest.param("2A0000014", True, id="Corse-du-Sud"),
        pytest.param("2B0000012", True, id="Haute-Corse"),
        pytest.param("2C0000014", False, id="lettre inconnue"),
        pytest.param("25000045", False, id="trop court"),
        pytest.param("٢50000452", False, id="chiffre arabe"),
    ],
)
def test_la_cle_du_finess(finess, juste):
    assert cle_finess_juste(finess) is juste


@pytest.mark.parametrize(
    ("siret", "juste"),
    [
        pytest.param("73282932000075", False, id="clé fausse"),
        pytest.param("73282932000074", True, id="clé juste"),
        pytest.param("35600000049837", True, id="La Poste, somme multiple de cinq"),
        pytest.param("35600000049838", False, id="La Poste, clé fausse"),
        pytest.param("7328293200007", False, id="trop court"),
    ],
)
def test_la_cle_du_siret(siret, juste):
    assert cle_siret_juste(siret) is juste


@pytest.mark.parametrize(
    ("type_", "numero", "attendu"),
    [
        pytest.param("8", "99900000011", "899900000011", id="RPPS"),
        pytest.param("0", "011234567", "0011234567", id="ADELI, zéros gardés (W-46)"),
        pytest.param("0", "2A1234567", "02A1234567", id="ADELI de Corse"),
        pytest.param("0", "9D1234567", "09D1234567", id="ADELI de La Réunion"),
    ],
)
def test_l_identifiant_national_garde_son_prefixe(type_, numero, attendu):
    assert identifiant_national(type_, numero) == attendu


@pytest.mark.parametrize(
    ("type_", "numero"),
    [
        ("8", "123"),
        ("8", "9990000001A"),
        ("8", ""),
        ("0", "12345"),
        ("1", "99900000011"),
        ("", "99900000011"),
    ],
)
def test_un_identifiant_mal_forme_est_refuse(type_, numero):
    with pytest.raises(IdentifiantInvalideError):
        identifiant_national(type_, numero)


def test_un_adeli_a_neuf_signes():
    assert est_adeli("591234567")
    assert not est_adeli("59123456")
