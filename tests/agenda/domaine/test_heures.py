from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenda.domaine.heures import AgendaDuLieu, OuvertureDeclaree, heures_visibles, semaine_de
from agenda.domaine.recurrence import Regle
from sas_platform.socle.intervalles import Intervalle

PARIS = ZoneInfo("Europe/Paris")
LUNDI = date(2026, 11, 23)
SEMAINE = semaine_de(LUNDI, PARIS)


def ouverture(
    de: str,
    a: str,
    *,
    jours: frozenset[int] = frozenset({1}),
    est_plage: bool = True,
    fuseau: ZoneInfo = PARIS,
    **reste: object,
) -> OuvertureDeclaree:
    regle = Regle(
        premier_jour=reste.pop("premier_jour", date(2026, 1, 5)),
        heure_debut=time.fromisoformat(de),
        heure_fin=time.fromisoformat(a),
        fuseau=fuseau,
        jours=jours,
        **reste,
    )
    return OuvertureDeclaree(regle, est_plage)


def ferme(de: str, a: str) -> Intervalle:
    return Intervalle(
        datetime.fromisoformat(de).replace(tzinfo=PARIS), datetime.fromisoformat(a).replace(tzinfo=PARIS)
    )


@pytest.mark.parametrize(
    ("agendas", "minutes"),
    [
        pytest.param([], 0, id="aucun lieu"),
        pytest.param([AgendaDuLieu([ouverture("09:00", "11:00")])], 120, id="deux heures le lundi"),
        pytest.param(
            [AgendaDuLieu([ouverture("09:00", "09:30", jours=frozenset({1, 2, 3, 4}))])],
            120,
            id="réparties sur la semaine",
        ),
        pytest.param(
            [AgendaDuLieu([ouverture("09:00", "11:00"), ouverture("10:00", "12:00")])],
            180,
            id="superposées : comptées une fois",
        ),
        pytest.param(
            [AgendaDuLieu([ouverture("09:00", "11:00")]), AgendaDuLieu([ouverture("10:00", "12:00")])],
            180,
            id="en deux lieux à la fois : comptées une fois",
        ),
        pytest.param(
            [AgendaDuLieu([ouverture("09:00", "11:00")]), AgendaDuLieu([ouverture("14:00", "15:00")])],
            180,
            id="deux lieux s’ajoutent",
        ),
        pytest.param(
            [AgendaDuLieu([ouverture("09:00", "11:00", sauf=frozenset({LUNDI}))])], 0, id="exception"
        ),
        pytest.param(
            [AgendaDuLieu([ouverture("09:00", "11:00", toutes_les_n_semaines=2)])],
            120,
            id="une semaine sur deux : celle-ci",
        ),
        pytest.param(
            [
                AgendaDuLieu(
                    [ouverture("09:00", "11:00", toutes_les_n_semaines=2, premier_jour=date(2026, 1, 12))]
                )
            ],
            0,
            id="une semaine sur deux : pas celle-ci",
        ),
        pytest.param(
            [AgendaDuLieu([ouverture("09:00", "12:00")], [ferme("2026-11-23T10:00", "2026-11-23T10:30")])],
            150,
            id="fermeture au milieu d’une plage",
        ),
        pytest.param(
            [
                AgendaDuLieu(
                    [ouverture("09:00", "10:00", est_plage=False)],
                    [ferme("2026-11-23T09:50", "2026-11-23T10:30")],
                )
            ],
            0,
            id="un créneau touché disparaît entier",
        ),
        pytest.param(
            [
                AgendaDuLieu([ouverture("09:00", "11:00")], [ferme("2026-11-20T00:00", "2026-12-01T00:00")]),
                AgendaDuLieu([ouverture("09:00", "10:00")]),
            ],
            60,
            id="fermé en un lieu, ouvert en l’autre",
        ),
        pytest.param(
            [AgendaDuLieu([ouverture("22:00", "23:59", jours=frozenset({7}))])],
            119,
            id="dimanche soir, dans la semaine",
        ),
    ],
)
def test_les_heures_montrees_d_une_semaine(agendas, minutes):
    assert heures_visibles(agendas, SEMAINE) == timedelta(minutes=minutes)


def test_la_nuit_ou_l_horloge_avance_compte_une_heure_de_moins():
    semaine = semaine_de(date(2026, 3, 29), PARIS)

    agenda = AgendaDuLieu([ouverture("01:00", "05:00", jours=frozenset({7}))])

    assert semaine.duree == timedelta(hours=167)
    assert heures_visibles([agenda], semaine) == timedelta(hours=3)


def test_une_semaine_ne_compense_pas_l_autre():
    agenda = AgendaDuLieu([ouverture("09:00", "13:00", toutes_les_n_semaines=2)])

    suivante = semaine_de(LUNDI + timedelta(days=7), PARIS)

    assert [heures_visibles([agenda], s) for s in (SEMAINE, suivante)] == [
        timedelta(hours=4),
        timedelta(),
    ]


morceaux = st.tuples(st.integers(0, 167 * 4), st.integers(1, 40))


@given(
    st.lists(st.tuples(st.integers(1, 7), st.integers(0, 94), st.integers(1, 40)), max_size=8),
    st.lists(morceaux, max_size=4),
)
def test_le_total_est_celui_d_un_decompte_quart_d_heure_par_quart_d_heure(plages, fermetures):
    """Oracle indépendant : on regarde, à chaque quart d’heure de la semaine, si quelque chose est ouvert."""
    debut = SEMAINE.debut.astimezone(PARIS)
    fermees = [
        Intervalle(debut + timedelta(minutes=15 * a), debut + timedelta(minutes=15 * (a + n)))
        for a, n in fermetures
    ]
    regles = []
    ouverts = set()
    for jour, premier, n in plages:
        dernier = min(premier + n, 95)
        de, a = (f"{q // 4:02}:{q % 4 * 15:02}" for q in (premier, dernier))
        regles.append(ouverture(de, a, jours=frozenset({jour})))
        ouverts |= {(jour - 1) * 96 + q for q in range(premier, dernier)}
    libres = [
        q
        for q in ouverts
        if not any(f.contient((debut + timedelta(minutes=15 * q)).astimezone(UTC)) for f in fermees)
    ]

    assert heures_visibles([AgendaDuLieu(regles, fermees)], SEMAINE) == timedelta(minutes=15 * len(libres))
