"""Paramètres d’un logiciel de régulation : chaque branche de L-01 à L-06, et ce que rien ne doit faire tomber."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orientation.domaine.appel_lrm import (
    LONGUEURS,
    OID_PRATICIEN,
    PARAMETRES,
    Genre,
    est_un_appel,
    lire,
    retenir,
    ville_a_arrondissements,
)

COMPLET = {"origin": "fr.samu590", "inseecode": "59350", "city": "Lille"}
RPPS, ADELI = "10001234567", "591234567"


def lu(**parametres: str):
    return lire({nom: [valeur] for nom, valeur in (COMPLET | parametres).items()})


# --- Ce qui est un appel ------------------------------------------------------


@pytest.mark.parametrize("nom", [*PARAMETRES, "ORIGIN", "inseeCode"])
def test_un_seul_parametre_connu_fait_un_appel(nom):
    assert est_un_appel([nom])


@pytest.mark.parametrize("noms", [[], ["recherche"], ["lrm"], ["page", "q"]])
def test_les_parametres_de_la_plateforme_n_en_sont_pas_un(noms):
    assert not est_un_appel(noms)


def test_un_appel_bien_ecrit_n_a_pas_d_erreur():
    appel = lu(
        practitioner=f"urn:oid:{OID_PRATICIEN}|8{RPPS}",
        specialty="urn:oid:1.2.250.1.213.2.28|SM40",
        streetnumber="12",
        streetname="rue Nationale",
    )

    assert (appel.erreurs, appel.inconnus, appel.adresse_complete) == ({}, (), True)
    assert appel.adresse(commune="Lille", departement="Nord") == "12 rue Nationale, Lille, Nord"


# --- Origine (L-02) -----------------------------------------------------------


@pytest.mark.parametrize("origine", ["", "   ", "a b", "<script>", "é"])
def test_une_origine_absente_ou_mal_ecrite_se_dit(origine):
    appel = lu(origin=origine)

    assert appel.origine == ""
    assert "origin" in appel.erreurs


# --- Praticien (L-05) ---------------------------------------------------------


@pytest.mark.parametrize(
    ("valeur", "genre", "compris"),
    [
        pytest.param("", Genre.ABSENT, "", id="absent"),
        pytest.param(f"urn:oid:{OID_PRATICIEN}|8{RPPS}", Genre.CODE, f"8{RPPS}", id="RPPS en urn"),
        pytest.param(f"URN:OID:{OID_PRATICIEN}|8{RPPS}", Genre.CODE, f"8{RPPS}", id="urn en majuscules"),
        pytest.param(f"urn:oid:{OID_PRATICIEN}|0{ADELI}", Genre.CODE, f"0{ADELI}", id="ADELI en urn"),
        pytest.param(f"urn:oid:{OID_PRATICIEN}|02A1234567", Genre.CODE, "02A1234567", id="ADELI de Corse"),
        pytest.param(RPPS, Genre.CODE, f"8{RPPS}", id="RPPS seul"),
        pytest.param(f"8{RPPS}", Genre.CODE, f"8{RPPS}", id="identifiant national seul"),
        pytest.param(ADELI, Genre.CODE, f"0{ADELI}", id="ADELI seul"),
        pytest.param("Dr Camille MARTIN", Genre.TEXTE, "Camille MARTIN", id="nom, sans son titre"),
        pytest.param("Drouet", Genre.TEXTE, "Drouet", id="nom qui commence comme un titre"),
        pytest.param("Fournier", Genre.TEXTE, "Fournier", id="nom où se lit « urn »"),
        pytest.param("Boidin", Genre.TEXTE, "Boidin", id="nom où se lit « oid »"),
        pytest.param(f"urn:oid:{OID_PRATICIEN}|8123", Genre.ILLISIBLE, None, id="RPPS trop court"),
        pytest.param(f"urn:oid:{OID_PRATICIEN}|9{RPPS}", Genre.ILLISIBLE, None, id="autre préfixe"),
        pytest.param(f"urn:oid:{OID_PRATICIEN}|", Genre.ILLISIBLE, None, id="urn sans numéro"),
        pytest.param(f"urn:oid:1.2.3|8{RPPS}", Genre.ILLISIBLE, None, id="autre OID"),
        pytest.param("urn:x", Genre.ILLISIBLE, None, id="urn quelconque"),
        pytest.param("oid 1.2.3", Genre.ILLISIBLE, None, id="oid seul"),
        pytest.param("MARTIN: Camille", Genre.ILLISIBLE, None, id="deux-points"),
        pytest.param("12345", Genre.ILLISIBLE, None, id="chiffres sans être un numéro"),
        pytest.param("Dr", Genre.ILLISIBLE, None, id="titre sans nom"),
        pytest.param("!", Genre.ILLISIBLE, None, id="ni lettre ni chiffre"),
    ],
)
def test_un_praticien_est_un_identifiant_un_nom_ou_ne_se_lit_pas(valeur, genre, compris):
    appel = lu(practitioner=valeur)

    assert appel.praticien.genre is genre
    assert compris is None or appel.praticien.valeur == compris
    assert ("practitioner" in appel.erreurs) is (genre is Genre.ILLISIBLE)


# --- Spécialité (L-04) --------------------------------------------------------


@pytest.mark.parametrize("nom", ["specialty", "speciality"])
@pytest.mark.parametrize(
    ("valeur", "genre", "compris"),
    [
        ("", Genre.ABSENT, ""),
        ("urn:oid:1.2.250.1.213.2.28|SM40", Genre.CODE, "SM40"),
        ("urn:oid:1.2.250.1.213.2.28|sm40", Genre.CODE, "SM40"),
        ("pédiatrie", Genre.TEXTE, "pédiatrie"),
        ("urn:oid:|SM40", Genre.ILLISIBLE, "urn:oid:|SM40"),
        ("urn:oid:1.2.3", Genre.ILLISIBLE, "urn:oid:1.2.3"),
    ],
)
def test_une_specialite_est_un_code_un_texte_ou_ne_se_lit_pas(nom, valeur, genre, compris):
    appel = lu(**{nom: valeur})

    assert (appel.specialite.genre, appel.specialite.valeur) == (genre, compris)


def test_deux_orthographes_contraires_gardent_la_premiere_et_se_disent():
    appel = lu(specialty="pédiatrie", speciality="dermatologie")

    assert appel.specialite.valeur == "pédiatrie"
    assert list(appel.erreurs) == ["speciality"]


def test_deux_orthographes_d_accord_ne_font_pas_d_erreur():
    assert lu(specialty="pédiatrie", speciality="pédiatrie").erreurs == {}


# --- Adresse (L-03) -----------------------------------------------------------


@pytest.mark.parametrize(
    ("insee", "ville"),
    [
        ("13055", "Marseille"),
        ("13201", "Marseille"),
        ("13216", "Marseille"),
        ("13217", ""),
        ("69123", "Lyon"),
        ("69380", ""),
        ("69381", "Lyon"),
        ("69389", "Lyon"),
        ("69390", ""),
        ("75056", "Paris"),
        ("75100", ""),
        ("75101", "Paris"),
        ("75120", "Paris"),
        ("75121", ""),
        ("59350", ""),
        ("2A004", ""),
        ("", ""),
    ],
)
def test_les_arrondissements_sont_ceux_de_leur_ville(insee, ville):
    assert ville_a_arrondissements(insee) == ville


@pytest.mark.parametrize(
    ("parametres", "adresse"),
    [
        ({"inseecode": "75115", "city": "Paris 15"}, "Paris"),
        ({"streetname": "rue Nationale"}, "rue Nationale, Lille, Nord"),
        ({"streetname": "rue Nationale", "streetnumber": "12 bis"}, "12 rue Nationale, Lille, Nord"),
        ({"streetname": "rue Nationale", "streetnumber": "12-14"}, "12 rue Nationale, Lille, Nord"),
        ({"streetname": "rue Nationale", "streetnumber": "bis"}, "rue Nationale, Lille, Nord"),
    ],
)
def test_l_adresse_s_ecrit_numero_voie_ville_departement(parametres, adresse):
    appel = lu(**parametres)
    est_paris = appel.insee == "75115"

    assert (
        appel.adresse(
            commune="Paris 15e" if est_paris else "Lille", departement="Paris" if est_paris else "Nord"
        )
        == adresse
    )


@pytest.mark.parametrize("inseecode", ["59", "593500", "ABCDE", "2C004", "59 35"])
def test_un_code_insee_mal_ecrit_laisse_la_commune(inseecode):
    appel = lu(inseecode=inseecode)

    assert (appel.insee, appel.ville, appel.adresse_complete) == ("", "Lille", True)
    assert list(appel.erreurs) == ["inseecode"]


def test_sans_commune_l_adresse_est_incomplete_et_garde_sa_voie():
    appel = lu(inseecode="", city="", streetname="rue Nationale", streetnumber="12")

    assert not appel.adresse_complete
    assert list(appel.erreurs) == ["city"]
    assert appel.adresse() == "12 rue Nationale"


def test_un_numero_sans_voie_rend_l_adresse_incomplete_et_garde_la_ville():
    appel = lu(streetnumber="12")

    assert not appel.adresse_complete
    assert list(appel.erreurs) == ["streetname"]
    assert appel.adresse(commune="Lille") == "Lille"


@pytest.mark.parametrize("numero", ["bis", "123456", "–"])
def test_un_numero_mal_ecrit_se_dit_sans_rien_bloquer(numero):
    appel = lu(streetnumber=numero, streetname="rue Nationale")

    assert (appel.numero, appel.adresse_complete, list(appel.erreurs)) == ("", True, ["streetnumber"])


# --- Toute valeur -------------------------------------------------------------


@pytest.mark.parametrize("valeur", ["null", "undefined", "None", "NIL"])
@pytest.mark.parametrize("nom", ["practitioner", "streetname", "specialty"])
def test_le_vide_ecrit_en_toutes_lettres_est_un_vide_qui_se_dit(nom, valeur):
    appel = lu(**{nom: valeur})

    assert list(appel.erreurs) == [nom]
    assert (appel.praticien.genre, appel.specialite.genre, appel.voie) == (Genre.ABSENT, Genre.ABSENT, "")


@pytest.mark.parametrize("nom", ["city", "streetname"])
def test_des_signes_illisibles_s_otent_et_se_disent(nom):
    appel = lu(**{nom: "All\ufffde Verte"})

    assert nom in appel.erreurs
    assert "Alle Verte" in (appel.ville, appel.voie)


@pytest.mark.parametrize("nom", ["city", "streetname", "practitioner", "specialty"])
def test_une_valeur_trop_longue_se_coupe_et_se_dit(nom):
    appel = lu(**{nom: "a" * 5000})

    assert list(appel.erreurs) == [nom]
    assert len(appel.ville) <= LONGUEURS["city"]


def test_un_parametre_repete_garde_sa_premiere_valeur_et_se_dit():
    appel = lire({"origin": ["x"], "city": ["", "Lille", "Roubaix"]})

    assert appel.ville == "Lille"
    assert "city" in appel.erreurs


def test_les_blancs_et_les_signes_de_commande_ne_restent_pas():
    assert lu(city=" Villeneuve\r\n d’Ascq\t").ville == "Villeneuve d’Ascq"


def test_un_parametre_inconnu_se_nomme():
    assert lu(patient="x").inconnus == ("patient",)


def test_la_casse_d_un_nom_de_parametre_ne_compte_pas():
    assert lire({"Origin": ["x"], "INSEECODE": ["59350"]}).insee == "59350"


_TEXTES = st.text(max_size=400)


@given(
    st.dictionaries(
        st.one_of(st.sampled_from(PARAMETRES), _TEXTES), st.lists(_TEXTES, max_size=5), max_size=12
    )
)
def test_rien_ne_fait_tomber_la_lecture(parametres):
    appel = lire(parametres)

    assert set(appel.erreurs) <= set(PARAMETRES)
    assert all(erreur.endswith(".") for erreur in appel.erreurs.values())
    assert len(appel.adresse()) <= 400
    assert appel.adresse_complete <= bool(appel.insee or appel.ville)


@given(st.dictionaries(st.sampled_from(PARAMETRES), st.lists(_TEXTES, min_size=1, max_size=5)))
def test_ce_qui_se_garde_se_lit_comme_ce_qui_est_recu_et_reste_petit(parametres):
    gardes = retenir(parametres)

    assert lire(gardes) == lire(parametres)
    assert sum(len(v) for valeurs in gardes.values() for v in valeurs) <= 6 * sum(LONGUEURS.values())


@given(
    st.fixed_dictionaries(
        {"city": st.just(["Lille"]), "origin": st.just(["x"])},
        optional={n: st.lists(_TEXTES) for n in ("practitioner", "specialty", "streetname")},
    )
)
def test_une_commune_suffit_toujours_a_une_adresse(parametres):
    assert lire(parametres).adresse_complete
