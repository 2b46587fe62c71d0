"""Un tableau du pilotage : ce qu’on en lit sans le voir, ce qu’un tableur en prend, et ses cas limites."""

from decimal import Decimal

import pytest

from remuneration.domaine.indicateurs import Unite
from remuneration.pilotage.tableaux import Figure, Ligne

MOIS = [f"mois {n}" for n in range(1, 25)]


def figure(*lignes: Ligne, **autres) -> Figure:
    champs = {"traces": (0, 1), "empilees": False, "entetes": ("Mois", "Participent", "Interfacés")} | autres
    return Figure(code="f", titre="Offre", explication="", lignes=list(lignes), **champs)


def lu(texte: str) -> str:
    return texte.replace("\u00a0", " ").replace("\u202f", " ")


def test_des_series_cote_a_cote_se_disent_une_a_une():
    """Leur somme n’aurait pas de sens."""
    resume = lu(figure(Ligne("mars", (10, 1200)), Ligne("avril", (12, 900))).resume)

    assert "Participent : 12 au plus (avril), 10 au moins (mars)" in resume
    assert "Interfacés : 1 200 au plus (mars), 900 au moins (avril)" in resume


def test_des_series_empilees_se_disent_en_tout():
    resume = lu(figure(Ligne("mars", (10, 5)), Ligne("avril", (12, 9)), empilees=True).resume)

    assert "en tout : 21 au plus (avril), 15 au moins (mars)" in resume


def test_une_part_se_dit_et_se_gradue_en_pour_cent():
    parts = figure(Ligne("mars", (0.4538,)), entetes=("Mois", "Nord"), traces=(0,), unite=Unite.PART)

    assert "Nord : 45,4 % au plus (mars)." in lu(parts.resume)
    assert [lu(repere.texte) for repere in parts.trace.graduations][-1] == "80,0 %"


@pytest.mark.parametrize(
    ("lignes", "barres"),
    [
        pytest.param([Ligne("mars", (0, 0))], 0, id="que des zéros"),
        pytest.param([Ligne("mars", (None, None))], 0, id="rien de connu"),
        pytest.param([Ligne("mars", (3, 2))], 2, id="un seul mois"),
        pytest.param([Ligne(nom, (3, 2)) for nom in MOIS], 48, id="vingt-quatre mois"),
    ],
)
def test_un_graphique_se_dessine_toujours(lignes, barres):
    dessinee = figure(*lignes)

    assert len(dessinee.trace.barres) == barres
    assert len(dessinee.trace.etiquettes) == len(lignes)
    assert all(b.x >= 46 and b.x + b.largeur <= 398.5 and b.y >= 9.9 for b in dessinee.trace.barres)
    assert "dans le tableau" in dessinee.resume


def test_sans_ligne_il_n_y_a_pas_de_graphique():
    assert figure().trace is None


def test_le_csv_a_des_nombres_nus_et_dit_les_unites():
    melee = figure(
        Ligne("Recherches", (46_540, -12)),
        Ligne("Conversion", (0.45378, -0.00001), unite=Unite.PART),
        Ligne("Délai", (None, 2.5), unite=Unite.MINUTES),
        entetes=("Indicateur", "avril", "Écart"),
        ecarts=(1,),
    )

    assert melee.pour_csv() == (
        ["Indicateur", "avril", "Écart"],
        [
            ["Recherches", Decimal(46_540), Decimal(-12)],
            ["Conversion (part)", Decimal("0.4538"), Decimal(0)],
            ["Délai (minutes)", "", Decimal("2.5")],
        ],
    )
    assert str(melee.pour_csv()[1][1][2]) == "0", "zéro n’a pas de signe"
    assert [lu(cellule) for cellule in melee.rangees[0][1]] == ["46 540", "−12"]
