import pytest

from annuaire.domaine.telephones import normaliser_telephone


@pytest.mark.parametrize(
    ("texte", "departement", "attendu"),
    [
        pytest.param("03 53 01 00 00", "59", "+33353010000", id="espaces"),
        pytest.param("03.53.01.00.00", "59", "+33353010000", id="points"),
        pytest.param("353010000", "59", "+33353010000", id="zéro perdu par un tableur"),
        pytest.param("+33 3 53 01 00 00", "59", "+33353010000", id="international"),
        pytest.param("+33 (0)3 53 01 00 00", "59", "+33353010000", id="international et zéro"),
        pytest.param("0033353010000", "59", "+33353010000", id="00 33"),
        pytest.param("0262990001", "974", "+262262990001", id="La Réunion"),
        pytest.param("0690990001", "971", "+590690990001", id="Guadeloupe"),
        pytest.param("+262262990001", "974", "+262262990001", id="déjà international"),
        pytest.param("40990001", "987", "+68940990001", id="Polynésie, huit chiffres"),
        pytest.param("270001", "988", "+687270001", id="Nouvelle-Calédonie, six chiffres"),
        pytest.param("15", "59", "", id="numéro court"),
        pytest.param("0000000000", "59", "", id="remplissage"),
        pytest.param("poste 12", "59", "", id="texte"),
        pytest.param("", "59", "", id="vide"),
    ],
)
def test_un_numero_prend_sa_forme_internationale(texte, departement, attendu):
    assert normaliser_telephone(texte, departement) == attendu
