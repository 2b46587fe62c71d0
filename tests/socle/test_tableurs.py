"""Un CSV qu’un tableur ouvre sans question, dont il n’exécute rien, et qu’une machine relit."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sas_platform.socle.tableurs import FORMULES, denuder, en_csv, neutraliser


@pytest.mark.parametrize("debut", FORMULES)
def test_un_texte_qui_serait_une_formule_est_neutralise(debut):
    assert neutraliser(f"{debut}1+1") == f"'{debut}1+1"


@pytest.mark.parametrize(
    ("valeur", "attendu"),
    [
        pytest.param(Decimal("-70.00"), "-70,00", id="montant négatif"),
        pytest.param(Decimal("1E+3"), "1000", id="sans exposant"),
        pytest.param(-3, "-3", id="entier négatif"),
        pytest.param("-3", "'-3", id="texte qui ressemble à un nombre"),
        pytest.param("L’Haÿ", "L’Haÿ", id="texte"),
    ],
)
def test_un_nombre_reste_un_nombre(valeur, attendu):
    assert neutraliser(valeur) == attendu


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2)))
def test_une_machine_relit_ce_qui_est_ecrit(lignes):
    texte = en_csv(["a", "b"], lignes).decode("utf-8-sig")
    relues = list(csv.reader(io.StringIO(texte, newline=""), delimiter=";", strict=True))[1:]

    assert [[denuder(c) for c in ligne] for ligne in relues] == [[c.strip() for c in x] for x in lignes]
    assert not any(cellule.startswith(FORMULES) for ligne in relues for cellule in ligne)


def test_le_fichier_a_sa_marque_ses_points_virgules_et_ses_fins_de_ligne():
    assert (
        en_csv(["nom", "montant"], [["Été", Decimal("1.50")]]) == "\ufeffnom;montant\r\nÉté;1,50\r\n".encode()
    )
