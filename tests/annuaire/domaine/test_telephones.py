import pytest

from annuaire.domaine.telephones import ecrire_telephone, normaliser_telephone


@pytest.mark.parametrize(
    ("texte", "departement", "attendu"),
    [
        pytest.param("03 53 01 00 00", "59", "+33353010000", id="espaces"),
        pytest.param("03.53.01.00.00", "59", "+33353010000", id="points"),
        pytest.param("353010000", "59", "+33353010000", id="zéro perdu par un tableur"),
        pytest.param("+33 3 53 01 00 00", "59", "+33353010000", id="international"),
        pytest.param("+33 (0)3 53 01 00 00", "59", "+33353010000", id="international et zéro"),
        pytest.param("+262 (0)692 12 34 56", "974", "+262692123456", id="international et zéro, outre-mer"),
        pytest.param("0033353010000", "59", "+33353010000", id="00 33"),
        pytest.param("0262990001", "974", "+262262990001", id="La Réunion"),
        pytest.param("0690990001", "971", "+590690990001", id="Guadeloupe"),
        pytest.param("+262262990001", "974", "+262262990001", id="déjà international"),
        pytest.param("40990001", "987", "+68940990001", id="Polynésie, huit chiffres"),
        pytest.param("270001", "988", "+687270001", id="Nouvelle-Calédonie, six chiffres"),
        pytest.param("0709990001", "976", "+262709990001", id="mobile de Mayotte"),
        pytest.param("+32 470 12 34 56", "59", "", id="étranger"),
        pytest.param("053010000", "59", "", id="neuf chiffres, le zéro déjà là"),
        pytest.param("53010000", "59", "", id="huit chiffres hors du Pacifique"),
        pytest.param("+687 27 00 01", "59", "+687270001", id="six chiffres après l’indicatif"),
        pytest.param("+687 27 00 0", "988", "", id="cinq chiffres après l’indicatif"),
        pytest.param("+262 262 99 00 01 2", "974", "", id="dix chiffres après l’indicatif"),
        pytest.param("0508 41 00 01", "975", "+508410001", id="Saint-Pierre, à dix chiffres"),
        pytest.param("+33" + "5" * 500, "59", "", id="démesuré"),
        pytest.param("15", "59", "", id="numéro court"),
        pytest.param("0000000000", "59", "", id="remplissage"),
        pytest.param("poste 12", "59", "", id="texte"),
        pytest.param("", "59", "", id="vide"),
    ],
)
def test_un_numero_prend_sa_forme_internationale(texte, departement, attendu):
    assert normaliser_telephone(texte, departement) == attendu


@pytest.mark.parametrize(
    ("numero", "affiche", "lien"),
    [
        pytest.param("+33353010001", "03 53 01 00 01", "+33353010001", id="international"),
        pytest.param("+33 (0)3 53 01 00 01", "03 53 01 00 01", "+33353010001", id="zéro superflu"),
        pytest.param("03.53.01.00.01", "03 53 01 00 01", "+33353010001", id="national"),
        pytest.param("0892 70 00 00", "08 92 70 00 00", "+33892700000", id="08"),
        pytest.param("0033612345678", "06 12 34 56 78", "+33612345678", id="00 33"),
        pytest.param("+262262123456", "02 62 12 34 56", "+262262123456", id="La Réunion"),
        pytest.param("+687 26 12 34", "+687 261234", "+687261234", id="Nouvelle-Calédonie"),
        pytest.param("12", "", "", id="trop court"),
        pytest.param("+32 2 123 45 67", "", "", id="étranger"),
        pytest.param("javascript:alert(1)", "", "", id="pas un numéro"),
        pytest.param("", "", "", id="vide"),
    ],
)
def test_le_telephone_s_ecrit_a_la_francaise(numero, affiche, lien):
    assert ecrire_telephone(numero) == (affiche, lien)
