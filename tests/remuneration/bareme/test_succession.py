"""Une règle prend sa place parmi celles en vigueur : ni trou, ni chevauchement, ni passé clos."""

from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remuneration.bareme.succession import placer
from remuneration.domaine.baremes import chevauchements, trous


@dataclass(frozen=True)
class Datee:
    debut: date
    fin: date | None


JANVIER, AVRIL, JUILLET, OCTOBRE = (date(2026, mois, 1) for mois in (1, 4, 7, 10))
OUVERTE, JUSQU_A_JUILLET, SUIVANTE = Datee(JANVIER, None), Datee(JANVIER, JUILLET), Datee(JUILLET, None)


@pytest.mark.parametrize(
    ("en_vigueur", "debut", "fin", "champs"),
    [
        pytest.param([], JANVIER, None, [], id="première de sa prestation"),
        pytest.param([OUVERTE], AVRIL, None, [], id="succède à une règle sans fin"),
        pytest.param([OUVERTE], AVRIL, JUILLET, [], id="succède, et finit la prestation"),
        pytest.param([OUVERTE], JANVIER, None, [], id="remplace celle du même jour"),
        pytest.param([JUSQU_A_JUILLET], JUILLET, None, [], id="commence où l’autre finit"),
        pytest.param([JUSQU_A_JUILLET], OCTOBRE, None, ["debut"], id="laisse un trou avant elle"),
        pytest.param([JUSQU_A_JUILLET, SUIVANTE], AVRIL, JUILLET, [], id="s’insère jusqu’à la suivante"),
        pytest.param([JUSQU_A_JUILLET, SUIVANTE], AVRIL, None, ["fin"], id="chevauche la suivante"),
        pytest.param([JUSQU_A_JUILLET, SUIVANTE], AVRIL, OCTOBRE, ["fin"], id="mord sur la suivante"),
        pytest.param([SUIVANTE], JANVIER, AVRIL, ["fin"], id="laisse un trou après elle"),
    ],
)
def test_une_regle_ne_laisse_ni_trou_ni_chevauchement(en_vigueur, debut, fin, champs):
    place = placer(en_vigueur, debut, fin, clos_jusqu_au=None)

    assert [refus.champ for refus in place.refus] == champs


@pytest.mark.parametrize(
    ("clos", "refusee"),
    [
        pytest.param(None, False, id="rien de clos"),
        pytest.param(AVRIL, False, id="commence au lendemain"),
        pytest.param(JUILLET, True, id="commence dans la période close"),
    ],
)
def test_une_regle_ne_commence_pas_dans_une_periode_close(clos, refusee):
    place = placer([OUVERTE], AVRIL, None, clos_jusqu_au=clos)

    assert bool(place.refus) is refusee
    assert all(refus.champ == "debut" for refus in place.refus)


jours = st.dates(date(2025, 1, 1), date(2027, 1, 1))


@given(st.lists(st.tuples(jours, st.none() | jours), max_size=6))
def test_des_regles_placees_l_une_apres_l_autre_se_suivent_sans_trou(proposees):
    en_vigueur: list[Datee] = []
    for debut, fin in proposees:
        if fin is not None and fin <= debut:
            continue
        place = placer(en_vigueur, debut, fin, clos_jusqu_au=None)
        if place.refus:
            continue
        gardees = [r for r in en_vigueur if r not in (place.remplacee, place.precedente)]
        if place.precedente is not None:
            gardees.append(Datee(place.precedente.debut, debut))
        en_vigueur = [*gardees, Datee(debut, fin)]

    assert trous(en_vigueur, date.min, date.max) == []
    assert chevauchements(en_vigueur, date.min, date.max) == []
