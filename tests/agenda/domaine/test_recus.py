"""Les créneaux reçus se relisent tels qu’ils ont été écrits."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenda.domaine.offre import CreneauRecu
from agenda.domaine.recus import VIDE, ecrire_creneaux, lire_creneaux

CODES = st.lists(st.sampled_from(["cabinet", "PUBLIC", "590000001"]), max_size=2).map(tuple)
CRENEAUX = st.lists(
    st.builds(
        CreneauRecu, st.text(max_size=5), st.integers(0, 99), st.integers(0, 99), CODES, CODES, st.text(max_size=3), CODES
    ),
    max_size=6,
)  # fmt: skip


@given(CRENEAUX)
def test_ce_qui_est_ecrit_se_relit(creneaux):
    assert lire_creneaux(ecrire_creneaux(creneaux).decode()) == creneaux


def test_ce_qui_se_repete_n_est_ecrit_qu_une_fois():
    nature = ("cabinet",), ("PUBLIC",), "https://a.invalid", ()
    creneaux = [CreneauRecu(f"c{n}", n, n + 1, *nature) for n in range(3)]

    premier, *suivants = json.loads(ecrire_creneaux(creneaux))

    assert premier["l"] == "https://a.invalid"
    assert suivants == [{"i": "c1", "d": 1, "f": 2}, {"i": "c2", "d": 2, "f": 3}]


@pytest.mark.parametrize("creneaux", [[], ()])
def test_un_agenda_vide_est_une_liste_vide(creneaux):
    assert ecrire_creneaux(creneaux).decode() == VIDE


def test_un_agenda_ecrit_en_entier_se_lit_aussi():
    """Comme avant que ce qui se répète ne soit tu : un créneau qui dit ses modalités dit tout de lui."""
    texte = """[{"i": "a", "d": 1, "f": 2, "m": ["cabinet"], "v": ["CPTS"], "l": "https://a.invalid", "c": ["1"]},
        {"i": "b", "d": 3, "f": 4, "m": ["cabinet"], "v": [], "l": ""}]"""

    un, autre = lire_creneaux(texte)

    assert un == CreneauRecu("a", 1, 2, ("cabinet",), ("CPTS",), "https://a.invalid", ("1",))
    assert autre == CreneauRecu("b", 3, 4, ("cabinet",), (), "", ())
