"""Le débit par minute : exact dans un processus, appris des autres, et qui ne ferme rien sans courtier."""

from datetime import UTC, datetime

import pytest
import time_machine
from redis.exceptions import RedisError

from sas_platform.socle import debits
from sas_platform.socle.debits import DebitParMinute, reste_de_la_minute
from sas_platform.socle.suites import Suites

pytestmark = pytest.mark.django_db  # pour que le courtier se vide après chaque test
MIDI = datetime(2026, 11, 2, 12, 0, 15, tzinfo=UTC)


def test_au_dela_du_maximum_on_attend_la_minute_suivante():
    debit = DebitParMinute("essai")
    with time_machine.travel(MIDI, tick=False) as horloge:
        admis = [debit.admet(1, 2) for _ in range(3)]
        autre = debit.admet(2, 2)
        attente = reste_de_la_minute()
        horloge.shift(attente)
        ensuite = debit.admet(1, 2)

    assert (admis, autre, attente, ensuite) == ([True, True, False], True, 45, True)


def test_un_processus_apprend_les_appels_des_autres():
    ici, ailleurs = DebitParMinute("essai"), DebitParMinute("essai")
    with time_machine.travel(MIDI, tick=False):
        for _ in range(3):
            ailleurs.admet(1, 4)
        admis = [ici.admet(1, 4) for _ in range(2)]

    assert admis == [True, False]


def test_meme_avant_de_les_dire_un_processus_compte_les_siens(monkeypatch, settings):
    settings.SUITES_IMMEDIATES = False
    monkeypatch.setattr(Suites, "_lancer", lambda self: None)
    debit = DebitParMinute("essai")
    with time_machine.travel(MIDI, tick=False):
        admis = [debit.admet(1, 2) for _ in range(3)]

    assert admis == [True, True, False]


def test_sans_courtier_chacun_compte_seul(monkeypatch):
    def en_panne() -> None:
        raise RedisError

    monkeypatch.setattr(debits, "connexion", en_panne)
    debit = DebitParMinute("essai")
    with time_machine.travel(MIDI, tick=False):
        admis = [debit.admet(1, 2) for _ in range(3)]

    assert admis == [True, True, False]
