"""La priorité d’un lot : croissante en tout ce qui le presse, et jamais si basse qu’il n’y passe."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenda.domaine.priorite import JAMAIS, Horaires, avancement, demande_recente, priorite

PARIS = ZoneInfo("Europe/Paris")
MIDI = datetime(2026, 11, 2, 11, tzinfo=UTC)
CINQ_MIN = timedelta(minutes=5)

positifs = st.floats(min_value=0, max_value=1e6)
parts = st.floats(min_value=0, max_value=1)
poids = st.floats(min_value=0.01, max_value=10)


@pytest.mark.parametrize(
    ("interroge", "prochaine", "attendu"),
    [
        pytest.param(None, None, JAMAIS, id="jamais interrogé, sans échéance"),
        pytest.param(0, 5, 0.0, id="interrogé à l’instant"),
        pytest.param(-5, 5, 0.5, id="à mi-chemin"),
        pytest.param(-5, 0, 1.0, id="à l’échéance"),
        pytest.param(-15, -10, 3.0, id="en retard de deux périodes"),
        pytest.param(None, 3, 0.0, id="neuf, son premier passage est à venir"),
        pytest.param(None, 0, 1.0, id="neuf, son premier passage est là"),
        pytest.param(5, 10, 0.0, id="horloge en retard sur la base"),
    ],
)
def test_l_avancement_va_de_zero_a_un_puis_dit_le_retard(interroge, prochaine, attendu):
    instants = [
        None if minutes is None else MIDI + timedelta(minutes=minutes) for minutes in (interroge, prochaine)
    ]

    assert avancement(MIDI, *instants) == pytest.approx(attendu)


@pytest.mark.parametrize(
    ("demande", "participants", "horaire", "du_a"),
    [
        pytest.param(0, 0, 1, 1.0, id="rien ne le presse : à son échéance"),
        pytest.param(1, 0, 1, 0.5, id="cherché une fois : deux fois plus souvent"),
        pytest.param(7, 0, 1, 0.25, id="cherché sept fois : quatre fois"),
        pytest.param(1e6, 0, 1, 0.125, id="cherché sans cesse : huit fois, pas plus"),
        pytest.param(0, 1, 1, 2 / 3, id="tous participent"),
        pytest.param(0, 0, 0.5, 2.0, id="la nuit : une période sur deux"),
    ],
)
def test_un_lot_est_du_quand_sa_priorite_atteint_un(demande, participants, horaire, du_a):
    def en(avancement: float) -> float:
        return priorite(avancement=avancement, demande=demande, participants=participants, horaire=horaire)

    assert en(du_a) == pytest.approx(1)
    assert en(du_a * 0.99) < 1


@given(a=positifs, plus=positifs, demande=positifs, participants=parts, horaire=poids)
def test_la_priorite_croit_avec_l_age_et_finit_par_tout_depasser(a, plus, demande, participants, horaire):
    reste = {"demande": demande, "participants": participants, "horaire": horaire}

    assert priorite(avancement=a + plus, **reste) >= priorite(avancement=a, **reste)
    assert priorite(avancement=1 / horaire, demande=0, participants=0, horaire=horaire) == pytest.approx(1)


@given(a=positifs, demande=positifs, plus=positifs, participants=parts, horaire=poids)
def test_la_priorite_croit_avec_la_demande(a, demande, plus, participants, horaire):
    reste = {"avancement": a, "participants": participants, "horaire": horaire}

    assert priorite(demande=demande + plus, **reste) >= priorite(demande=demande, **reste)


@given(a=positifs, demande=positifs, un=parts, autre=parts, tot=poids, tard=poids)
def test_la_priorite_croit_avec_les_participants_et_l_heure(a, demande, un, autre, tot, tard):
    def en(participants: float, horaire: float) -> float:
        return priorite(avancement=a, demande=demande, participants=participants, horaire=horaire)

    assert en(max(un, autre), max(tot, tard)) >= en(min(un, autre), min(tot, tard))


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(-(10**6), 10**6), st.integers(0, 10**6))
def test_l_avancement_ne_recule_jamais(depuis, periode, ecart, plus):
    interroge_le = MIDI - timedelta(seconds=depuis)
    prochaine_le = interroge_le + timedelta(seconds=periode)
    quand = MIDI + timedelta(seconds=ecart)

    assert avancement(quand + timedelta(seconds=plus), interroge_le, prochaine_le) >= avancement(
        quand, interroge_le, prochaine_le
    )


@pytest.mark.parametrize(
    ("jour", "heure", "attendu"),
    [
        pytest.param(2, time(8), 1.0, id="lundi, 8 h : la journée commence"),
        pytest.param(2, time(7, 59), 0.1, id="lundi, 7 h 59 : encore la nuit"),
        pytest.param(2, time(20), 2.0, id="lundi, 20 h : la soirée"),
        pytest.param(7, time(12), 3.0, id="samedi midi"),
        pytest.param(8, time(23), 3.0, id="dimanche soir"),
        pytest.param(8, time(3), 0.1, id="dimanche, la nuit"),
    ],
)
def test_l_heure_pese_selon_la_permanence_des_soins(jour, heure, attendu):
    horaires = Horaires(journee=1.0, soiree=2.0, nuit=0.1, fin_de_semaine=3.0)
    maintenant = datetime(2026, 11, jour, heure.hour, heure.minute, tzinfo=PARIS).astimezone(UTC)

    assert horaires.poids(maintenant, PARIS) == attendu


def test_une_recherche_ancienne_compte_moins_qu_une_recente():
    assert demande_recente([1, 0, 0, 0]) == 1
    assert demande_recente([0, 0, 0, 1]) == 0.25
    assert demande_recente([2, 0, 4, 0]) == 4
    assert demande_recente([]) == 0
