"""Lire l’identité de Pro Santé Connect sans jamais buter sur sa forme."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comptes.domaine.identite import IdentiteIncomplete, lire, relire

NUMERO = "899999999045"
CABINET = {
    "codeModeExercice": "L",
    "codeSecteurDactivite": "SA07",
    "raisonSocialeSite": "CABINET FICTIF",
    "enseigneCommercialeSite": "",
    "numeroFinessSite": "",
    "codePostal": "59000",
}
HOPITAL = {
    "codeModeExercice": "S",
    "codeSecteurDactivite": "SA01",
    "raisonSocialeSite": "CENTRE HOSPITALIER FICTIF",
    "enseigneCommercialeSite": "Hôpital Fictif",
    "numeroFinessSite": "599900001",
}
MEDECIN = {
    "codeProfession": "10",
    "codeCategorieProfessionnelle": "C",
    "nomDexercice": "FAVIER",
    "prenomDexercice": "ÉTIENNE",
    "codeTypeSavoirFaire": "S",
    "codeSavoirFaire": "SM54",
}
PHARMACIEN = {"codeProfession": "21", "codeCategorieProfessionnelle": "C"}


def champs(*exercices: Any, **autres: Any) -> dict[str, Any]:
    base = {"SubjectNameID": NUMERO, "given_name": "Étienne", "family_name": "Favier"}
    return base | {"SubjectRefPro": {"codeCivilite": "M", "exercices": list(exercices)}} | autres


def test_la_forme_complete_est_lue():
    identite = lire(
        champs(
            MEDECIN | {"activities": [CABINET, HOPITAL]},
            otherIds=[{"identifiant": NUMERO, "origine": "RPPS", "qualite": 1}],
        )
    )

    (exercice,) = identite.exercices
    assert (identite.identifiant_national, str(identite)) == (NUMERO, "Étienne Favier")
    assert (exercice.profession, exercice.savoir_faire, exercice.libelle) == ("10", "SM54", "Médecin")
    assert exercice.precisions == [
        "libéral, CABINET FICTIF",
        "salarié, Hôpital Fictif",
        "savoir-faire SM54",
    ]
    assert exercice.activites[1].finess == "599900001"
    assert [(autre.origine, autre.numero) for autre in identite.autres_identifiants] == [("RPPS", NUMERO)]


@pytest.mark.parametrize(
    ("reference", "nombre"),
    [
        pytest.param(None, 0, id="absente"),
        pytest.param("", 0, id="texte vide"),
        pytest.param({}, 0, id="objet vide"),
        pytest.param({"exercices": None}, 0, id="exercices nuls"),
        pytest.param({"exercices": {"codeProfession": "10"}}, 0, id="exercice hors de sa liste"),
        pytest.param({"exercices": []}, 0, id="aucun exercice"),
        pytest.param({"exercices": ["10", None, 3]}, 0, id="exercices d’un autre type"),
        pytest.param({"exercices": [MEDECIN]}, 1, id="exercice sans clé activities"),
        pytest.param({"exercices": [MEDECIN | {"activities": ""}]}, 1, id="activités vides"),
        pytest.param({"exercices": [{}]}, 1, id="exercice sans rien"),
        pytest.param({"exercices": [MEDECIN, MEDECIN]}, 1, id="même exercice deux fois"),
        pytest.param({"exercices": [MEDECIN, PHARMACIEN]}, 2, id="deux professions"),
        pytest.param(
            {"exercices": [PHARMACIEN | {"codeProfession": str(n)} for n in range(99)]}, 50, id="trop"
        ),
    ],
)
def test_les_exercices_se_lisent_quelle_que_soit_leur_forme(reference, nombre):
    assert len(lire(champs() | {"SubjectRefPro": reference}).exercices) == nombre


def test_sans_reference_professionnelle_la_personne_existe_quand_meme():
    identite = lire({"SubjectNameID": NUMERO})

    assert identite.exercices == ()
    assert identite.professions == frozenset()


def test_un_exercice_liste_deux_fois_reunit_ses_activites_sans_doublon():
    identite = lire(champs(MEDECIN | {"activities": [CABINET]}, MEDECIN | {"activities": [CABINET, HOPITAL]}))

    (exercice,) = identite.exercices
    assert len(exercice.activites) == 2


def test_plusieurs_identifiants_sont_gardes_sans_doublon_ni_vide():
    adeli = {"identifiant": "591234567", "origine": "ADELI", "qualite": 1}
    rpps = {"identifiant": NUMERO, "origine": "RPPS", "qualite": 1}

    identite = lire(champs(otherIds=[rpps, adeli, rpps, {"identifiant": ""}, "8", None]))

    assert [autre.origine for autre in identite.autres_identifiants] == ["RPPS", "ADELI"]


def test_une_identite_d_essai_n_a_pas_la_forme_d_un_rpps():
    identite = lire(
        {
            "SubjectNameID": "ANS20210107161422",
            "otherIds": [{"identifiant": "ANS20210107161422", "origine": "EDIT", "qualite": 1}],
        }
    )

    assert identite.identifiant_national == "ANS20210107161422"


@pytest.mark.parametrize("valeur", [None, "", "   ", "\x00", 899999999045, ["899999999045"], {}], ids=repr)
def test_sans_identifiant_national_il_n_y_a_pas_d_identite(valeur):
    with pytest.raises(IdentiteIncomplete):
        lire(champs(SubjectNameID=valeur))


@pytest.mark.parametrize(
    ("brut", "lu"),
    [
        pytest.param("  Anne   Marie ", "Anne Marie", id="espaces"),
        pytest.param("Anne\nMarie\x00", "Anne Marie", id="signes de commande"),
        pytest.param("x" * 500, "x" * 100, id="trop long"),
        pytest.param(None, "", id="nul"),
        pytest.param(12, "", id="nombre"),
        pytest.param("\u202eAnne", "Anne", id="sens d’écriture inversé"),
    ],
)
def test_un_nom_est_une_ligne_lisible_et_bornee(brut, lu):
    assert lire(champs(given_name=brut)).prenom == lu


def test_un_exercice_sans_activite_se_distingue_par_sa_categorie():
    identite = lire(champs(MEDECIN, MEDECIN | {"codeCategorieProfessionnelle": "M"}))

    assert [exercice.precisions for exercice in identite.exercices] == [
        ["savoir-faire SM54"],
        ["militaire", "savoir-faire SM54"],
    ]


def test_une_profession_inconnue_se_dit_par_son_code():
    identite = lire(champs({"codeProfession": "777"}, {"codeProfession": ""}))

    assert [e.libelle for e in identite.exercices] == ["Profession 777", "Profession non précisée"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda enfants: (
        st.lists(enfants, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["exercices", "activities", "codeProfession", "codeModeExercice", "identifiant", "origine"]
            )
            | st.text(max_size=4),
            enfants,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(reference=_JSON, autres=_JSON, prenom=_JSON)
def test_aucune_forme_ne_fait_echouer_la_lecture_et_la_session_rend_ce_qu_on_y_met(reference, autres, prenom):
    identite = lire(
        {"SubjectNameID": NUMERO, "SubjectRefPro": reference, "otherIds": autres, "given_name": prenom}
    )

    assert relire(json.loads(json.dumps(identite.en_donnees()))) == identite
    assert len(set(identite.exercices)) == len(identite.exercices)


@given(
    exercices=st.lists(
        st.sampled_from([MEDECIN, PHARMACIEN, MEDECIN | {"activities": [CABINET]}]), max_size=6
    )
)
def test_relire_deux_fois_les_memes_exercices_ne_change_rien(exercices):
    assert lire(champs(*exercices, *exercices)).exercices == lire(champs(*exercices)).exercices
