import pytest

from agenda.editeurs.appariement import LieuConnu, apparier, cle_de_lieu
from agenda.editeurs.verdicts import LieuEditeur


def _lieu(ligne="12 rue Nationale", idnst="", ville="Lille", code_postal="59000"):
    return LieuEditeur(idnst=idnst, ligne=ligne, ville=ville, code_postal=code_postal)


def _connu(pk, adresse="", **champs):
    valeurs = {
        "cle": f"c{pk}",
        "finess": "",
        "siret": "",
        "code_postal": "59000",
        "commune": "lille",
    } | champs
    return LieuConnu(id=pk, adresse=adresse, **valeurs)


CONNUS = [
    _connu(1, "12 rue Nationale", finess="590000001"),
    _connu(2, "3 BD ST MICHEL", siret="12345678901234", code_postal="59800"),
    _connu(3, "7 place Rihour", cle="423456789012345"),
]


@pytest.mark.parametrize(
    ("lieu", "attendu"),
    [
        pytest.param(_lieu("autre part", "1590000001"), 1, id="FINESS"),
        pytest.param(_lieu("autre part", "312345678901234"), 2, id="SIRET"),
        pytest.param(_lieu("autre part", "423456789012345"), 3, id="RPPS-rang"),
        pytest.param(_lieu("12, RUE NATIONALE."), 1, id="même adresse, autre écriture"),
        pytest.param(_lieu("3 boulevard Saint-Michel", code_postal="59800"), 2, id="abréviations"),
        pytest.param(_lieu("12 rue Nationale", "1999999999"), 1, id="FINESS inconnu, adresse connue"),
        pytest.param(_lieu("5 rue du Port", code_postal="59800"), None, id="plusieurs lieux dans la commune"),
        pytest.param(_lieu("12 rue Nationale", code_postal="75001", ville="Paris"), None, id="même voie, autre ville"),
    ],
)  # fmt: skip
def test_un_lieu_d_editeur_est_reconnu_du_plus_sur_au_moins_sur(lieu, attendu):
    assert apparier([lieu], CONNUS) == [attendu]


@pytest.mark.parametrize(
    "lieu",
    [
        pytest.param(_lieu("5 rue du Port", code_postal="59777", ville="LILLE CEDEX 9"), id="même commune"),
        pytest.param(_lieu("5 rue du Port", ville="Lille Moulins"), id="même code postal"),
    ],
)
def test_a_defaut_d_adresse_le_seul_lieu_de_la_commune_est_le_bon(lieu):
    assert apparier(
        [lieu], [_connu(1, "12 rue Nationale"), _connu(4, "x", code_postal="75001", commune="paris")]
    ) == [1]


def test_deux_adresses_ne_se_confondent_pas_dans_le_seul_lieu_de_la_commune():
    lieux = [_lieu("5 rue du Port"), _lieu("12 rue Nationale")]

    assert apparier(lieux, CONNUS[:1]) == [None, 1]


def test_deux_lieux_de_meme_finess_se_distinguent_par_l_adresse():
    connus = [_connu(1, "1 rue A", finess="590000001"), _connu(2, "2 rue B", finess="590000001")]

    assert apparier([_lieu("2 rue B", "1590000001")], connus) == [2]


def test_la_cle_d_un_lieu_cree_ne_depend_pas_de_l_ecriture_de_l_adresse():
    assert cle_de_lieu(_lieu("3 bd St-Michel", ville="LILLE CEDEX")) == cle_de_lieu(
        _lieu("3, Boulevard Saint Michel")
    )
    assert cle_de_lieu(_lieu(idnst="423456789012345")) == "423456789012345"
