"""Quel lieu de l’annuaire est celui d’un éditeur : l’ordre des règles, et ce que chacune dit d’elle."""

import pytest

from agenda.editeurs.appariement import LieuConnu, apparier, cle_de_lieu, ecart_m
from agenda.editeurs.verdicts import LieuEditeur
from agenda.enums import RegleAppariement as Regle

LILLE = (50.636500, 3.063500)
A_9_M = (50.636581, 3.063500)
A_12_M = (50.636608, 3.063500)


def _lieu(ligne="12 rue Nationale", idnst="", ville="Lille", code_postal="59000", **champs):
    return LieuEditeur(idnst=idnst, ligne=ligne, ville=ville, code_postal=code_postal, **champs)


def _connu(pk, adresse="", **champs):
    valeurs = {
        "cle": f"c{pk}",
        "finess": "",
        "siret": "",
        "code_postal": "59000",
        "commune": "lille",
    } | champs
    return LieuConnu(id=pk, adresse=adresse, **valeurs)


def _issues(lieux, connus):
    """(lieu reconnu, règle) de chacun."""
    return [trouve and (trouve[0], trouve[1].regle) for trouve in apparier(lieux, connus)]


CONNUS = [
    _connu(1, "12 rue Nationale", finess="590000001"),
    _connu(2, "3 BD ST MICHEL", siret="12345678901234", code_postal="59800"),
    _connu(3, "7 place Rihour", cle="423456789012345"),
]


@pytest.mark.parametrize(
    ("lieu", "attendu"),
    [
        pytest.param(_lieu("autre part", "1590000001"), (1, Regle.IDENTIFIANT), id="FINESS"),
        pytest.param(_lieu("autre part", "312345678901234"), (2, Regle.IDENTIFIANT), id="SIRET"),
        pytest.param(_lieu("autre part", "423456789012345"), (3, Regle.IDENTIFIANT), id="RPPS-rang"),
        pytest.param(_lieu("12, RUE NATIONALE."), (1, Regle.ADRESSE), id="même adresse, autre écriture"),
        pytest.param(_lieu("12 r. Nationale, bât. B"), (1, Regle.ADRESSE), id="bâtiment en plus"),
        pytest.param(_lieu("3 boulevard Saint-Michel", code_postal="59800"), (2, Regle.ADRESSE), id="abréviations"),
        pytest.param(_lieu("12 rue Nationale", "1999999999"), (1, Regle.ADRESSE), id="FINESS inconnu, adresse connue"),
        pytest.param(_lieu("5 rue du Port", code_postal="59800"), None, id="autre voie de la même commune"),
        pytest.param(_lieu("12 rue Nationale", code_postal="75001", ville="Paris"), None, id="même voie, autre ville"),
        pytest.param(_lieu("112 rue Nationale"), None, id="autre numéro"),
    ],
)  # fmt: skip
def test_un_lieu_d_editeur_est_reconnu_du_plus_sur_au_moins_sur(lieu, attendu):
    assert _issues([lieu], CONNUS) == [attendu]


def test_l_identifiant_l_emporte_sur_les_coordonnees_et_elles_sur_l_adresse():
    connus = [
        _connu(1, "12 rue Nationale"),
        _connu(2, "autre voie", position=LILLE),
        _connu(3, finess="590000001"),
    ]

    assert _issues([_lieu(position=A_9_M)], connus) == [(2, Regle.COORDONNEES)]
    assert _issues([_lieu(position=A_9_M, idnst="1590000001")], connus) == [(3, Regle.IDENTIFIANT)]


def test_au_dela_de_dix_metres_les_coordonnees_ne_disent_rien():
    connus = [_connu(1, "3 rue de Béthune", position=LILLE)]

    assert 8 < ecart_m(A_9_M, LILLE) <= 10 < ecart_m(A_12_M, LILLE) < 13
    assert _issues([_lieu(position=A_12_M)], connus) == [None]
    assert _issues([_lieu(position=A_9_M)], connus) == [(1, Regle.COORDONNEES)]


def test_le_centre_d_une_commune_n_est_pas_une_position():
    assert _issues([_lieu(position=LILLE)], [_connu(1, "3 rue de Béthune", position=None)]) == [None]


def test_dans_le_meme_immeuble_l_adresse_departage_puis_la_distance():
    connus = [_connu(1, "1 rue A", position=LILLE), _connu(2, "2 rue B", position=A_9_M)]

    assert _issues([_lieu("1 rue A", position=A_9_M)], connus) == [(1, Regle.COORDONNEES)]
    assert _issues([_lieu("9 rue Z", position=A_9_M)], connus) == [(2, Regle.COORDONNEES)]


@pytest.mark.parametrize(
    "lieu",
    [
        pytest.param(_lieu("5 rue du Port", code_postal="59777", ville="LILLE CEDEX 9"), id="même commune"),
        pytest.param(_lieu("5 rue du Port", ville="Lille Moulins"), id="même code postal"),
    ],
)
def test_sans_voie_dans_l_annuaire_le_seul_lieu_de_la_commune_est_le_bon(lieu):
    ailleurs = _connu(4, "x", code_postal="75001", commune="paris")

    assert _issues([lieu], [_connu(1), ailleurs]) == [(1, Regle.SANS_VOIE)]
    assert _issues([lieu], [_connu(1, "12 rue Nationale"), ailleurs]) == [None]
    assert _issues([lieu], [_connu(1), _connu(2)]) == [None]


def test_deux_adresses_ne_se_confondent_pas_dans_le_seul_lieu_de_la_commune():
    assert _issues([_lieu("5 rue du Port"), _lieu("9 rue du Port")], [_connu(1)]) == [None, None]


def test_deux_lieux_de_meme_finess_se_distinguent_par_l_adresse_ou_pas_du_tout():
    connus = [_connu(1, "1 rue A", finess="590000001"), _connu(2, "2 rue B", finess="590000001")]

    assert _issues([_lieu("2 rue B", "1590000001")], connus) == [(2, Regle.IDENTIFIANT)]
    assert _issues([_lieu("3 rue C", "1590000001")], connus) == [None]


def test_un_lieu_cree_le_reste_et_cede_a_celui_que_l_annuaire_apprend():
    cree = _connu(9, "12 rue Nationale", est_cree=True)
    officiel = _connu(10, "12 rue Nationale")

    assert _issues([_lieu()], [cree]) == [(9, Regle.CREATION)]
    assert _issues([_lieu()], [cree, officiel]) == [(10, Regle.ADRESSE)]


def test_chaque_decision_dit_ce_qu_elle_a_compare():
    connus = [_connu(1, "3 rue de Béthune", position=LILLE)]

    ((_, decision),) = apparier([_lieu(position=A_9_M, id_interne="l-7")], connus)

    assert (decision.editeur, decision.annuaire) == ("50.636581, 3.063500", "50.636500, 3.063500")
    assert (decision.ecart_m, decision.candidats, decision.id_interne) == (9.0, 1, "l-7")


def test_la_cle_d_un_lieu_cree_ne_depend_que_de_l_adresse():
    ecrite = cle_de_lieu(_lieu("3 bd St-Michel", ville="LILLE CEDEX"))

    assert ecrite == cle_de_lieu(_lieu("3, Boulevard Saint Michel"))
    assert ecrite == cle_de_lieu(_lieu("3 bd St-Michel", idnst="1590000001"))
    assert ecrite != cle_de_lieu(_lieu("4 bd St-Michel", idnst="1590000001"))
    assert cle_de_lieu(_lieu(idnst="423456789012345")) == "423456789012345"
