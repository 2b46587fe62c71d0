from datetime import date, time
from zoneinfo import ZoneInfo

import pytest

from agenda.domaine.phrases import repetition
from agenda.domaine.recurrence import Regle

LUNDI = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("jours", "rythme", "fin", "phrase"),
    [
        pytest.param({}, 1, None, "", id="une fois"),
        pytest.param({1}, 1, None, "chaque lundi", id="un jour"),
        pytest.param({4, 1, 2}, 1, None, "chaque lundi, mardi et jeudi", id="trois jours, dans l’ordre"),
        pytest.param(
            range(1, 8), 1, date(2026, 12, 31), "chaque jour, jusqu’au 31/12/2026", id="tous, avec une fin"
        ),
        pytest.param({5}, 2, None, "toutes les 2 semaines, le vendredi", id="une semaine sur deux"),
    ],
)
def test_une_repetition_se_dit_en_francais(jours, rythme, fin, phrase):
    regle = Regle(
        premier_jour=LUNDI,
        heure_debut=time(9),
        heure_fin=time(12),
        fuseau=ZoneInfo("Europe/Paris"),
        jours=frozenset(jours),
        toutes_les_n_semaines=rythme,
        dernier_jour=fin,
    )

    assert repetition(regle) == phrase
