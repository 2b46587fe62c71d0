import datetime as dt
from itertools import pairwise

import pytest

from agenda.editeurs.cadence import prochaine_interrogation

MAINTENANT = dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize("numero", [0, 1, 17, 2_199])
def test_un_lot_revient_a_chaque_periode_a_la_meme_place(numero):
    premier = prochaine_interrogation(MAINTENANT, numero, 300)
    suivant = prochaine_interrogation(premier, numero, 300)

    assert dt.timedelta(seconds=150) <= premier - MAINTENANT <= dt.timedelta(seconds=450)
    assert suivant - premier == dt.timedelta(seconds=300)


def test_un_lot_lu_en_retard_reprend_sa_place_sans_se_repeter_aussitot():
    passage = prochaine_interrogation(MAINTENANT, 4, 300)

    suivant = prochaine_interrogation(passage + dt.timedelta(seconds=280), 4, 300)

    assert suivant == passage + dt.timedelta(seconds=600)


def test_les_lots_s_etalent_sur_toute_la_periode():
    instants = sorted(prochaine_interrogation(MAINTENANT, numero, 300) for numero in range(300))
    ecarts = [(b - a).total_seconds() for a, b in pairwise(instants)]

    assert max(ecarts) < 3
