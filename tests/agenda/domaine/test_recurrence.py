from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import MO, WEEKLY, rrule, weekday
from hypothesis import given
from hypothesis import strategies as st

from agenda.domaine.recurrence import FENETRE_MAX, Regle, developper
from annuaire.domaine.fuseaux import FUSEAUX
from sas_platform.socle.intervalles import Intervalle

PARIS = ZoneInfo("Europe/Paris")


def regle(premier: str, de: str, a: str, **champs) -> Regle:
    return Regle(
        premier_jour=date.fromisoformat(premier),
        heure_debut=time.fromisoformat(de),
        heure_fin=time.fromisoformat(a),
        **({"fuseau": PARIS} | champs),
    )


def fenetre(du: str, au: str) -> Intervalle:
    return Intervalle(datetime.fromisoformat(du), datetime.fromisoformat(au))


LUNDIS_9H = {"premier": "2026-10-05", "de": "09:00", "a": "09:20", "jours": frozenset({1})}


@pytest.mark.parametrize(
    ("champs", "du", "au", "attendu"),
    [
        pytest.param(LUNDIS_9H, "2026-10-19T00:00Z", "2026-10-20T00:00Z", ["19T07:00"], id="heure d’été"),
        pytest.param(LUNDIS_9H, "2026-10-26T00:00Z", "2026-10-27T00:00Z", ["26T08:00"], id="heure d’hiver"),
        pytest.param(LUNDIS_9H, "2026-10-19T07:20Z", "2026-10-20T00:00Z", [], id="fin exclue"),
        pytest.param(LUNDIS_9H, "2026-10-19T07:19Z", "2026-10-20T00:00Z", ["19T07:00"], id="encore en cours"),
        pytest.param(LUNDIS_9H, "2026-09-28T00:00Z", "2026-10-05T07:00Z", [], id="pas avant le premier jour"),
        pytest.param(
            LUNDIS_9H | {"dernier_jour": date(2026, 10, 12)},
            "2026-10-01T00:00Z",
            "2026-11-01T00:00Z",
            ["05T07:00", "12T07:00"],
            id="dernier jour compris",
        ),
        pytest.param(
            LUNDIS_9H | {"toutes_les_n_semaines": 2},
            "2026-10-01T00:00Z",
            "2026-11-03T00:00Z",
            ["05T07:00", "19T07:00", "02T08:00"],
            id="une semaine sur deux",
        ),
        pytest.param(
            LUNDIS_9H | {"sauf": frozenset({date(2026, 10, 12)})},
            "2026-10-05T00:00Z",
            "2026-10-20T00:00Z",
            ["05T07:00", "19T07:00"],
            id="exception",
        ),
        pytest.param(
            {"premier": "2026-10-07", "de": "09:00", "a": "09:20", "jours": frozenset({1, 3})},
            "2026-10-01T00:00Z",
            "2026-10-15T00:00Z",
            ["07T07:00", "12T07:00", "14T07:00"],
            id="deux jours, commencée un mercredi",
        ),
        pytest.param(
            {"premier": "2026-10-07", "de": "09:00", "a": "09:20"},
            "2026-10-01T00:00Z",
            "2026-10-31T00:00Z",
            ["07T07:00"],
            id="une seule fois",
        ),
        pytest.param(
            {"premier": "2027-03-28", "de": "02:00", "a": "03:00"},
            "2027-03-27T00:00Z",
            "2027-03-29T00:00Z",
            [],
            id="engloutie par le passage à l’heure d’été",
        ),
        pytest.param(
            {"premier": "2027-03-28", "de": "02:10", "a": "02:50"},
            "2027-03-27T00:00Z",
            "2027-03-29T00:00Z",
            [],
            id="tout entière dans l’heure sautée",
        ),
        pytest.param(
            {"premier": "2026-10-25", "de": "02:30", "a": "04:00"},
            "2026-10-24T00:00Z",
            "2026-10-26T00:00Z",
            ["25T00:30"],
            id="l’heure répétée est la première",
        ),
        pytest.param(
            {"premier": "2028-02-29", "de": "09:00", "a": "10:00"},
            "2028-02-28T00:00Z",
            "2028-03-02T00:00Z",
            ["29T08:00"],
            id="29 février",
        ),
        pytest.param(
            LUNDIS_9H | {"fuseau": ZoneInfo("Pacific/Tahiti")},
            "2026-10-19T00:00Z",
            "2026-10-20T00:00Z",
            ["19T19:00"],
            id="à Tahiti, le même lundi finit le mardi en Europe",
        ),
        pytest.param(
            LUNDIS_9H | {"fuseau": ZoneInfo("America/Miquelon")},
            "2026-11-02T00:00Z",
            "2026-11-03T00:00Z",
            ["02T12:00"],
            id="Miquelon change d’heure une semaine après Paris",
        ),
    ],
)
def test_une_regle_se_developpe_a_l_heure_murale_du_lieu(champs, du, au, attendu):
    occurrences = developper(regle(**champs), fenetre(du, au))

    assert [f"{o.debut:%dT%H:%M}" for o in occurrences] == attendu


def test_une_fenetre_demesuree_est_refusee():
    debut = datetime(2026, 1, 1, tzinfo=UTC)

    with pytest.raises(ValueError, match="trop longue"):
        developper(regle(**LUNDIS_9H), Intervalle(debut, debut + FENETRE_MAX + timedelta(seconds=1)))


jours = st.dates(date(2025, 1, 1), date(2028, 12, 31))


@st.composite
def regles(draw) -> Regle:
    debut, fin = sorted(draw(st.lists(st.times(), min_size=2, max_size=2, unique=True)))
    premier = draw(jours)
    return Regle(
        premier_jour=premier,
        dernier_jour=draw(st.none() | st.dates(premier, premier + timedelta(days=200))),
        jours=draw(st.frozensets(st.integers(1, 7))),
        toutes_les_n_semaines=draw(st.integers(1, 5)),
        heure_debut=debut.replace(second=0, microsecond=0, fold=0),
        heure_fin=fin.replace(second=0, microsecond=0, fold=0),
        fuseau=ZoneInfo(draw(st.sampled_from(FUSEAUX))),
        sauf=draw(st.frozensets(jours, max_size=3)),
    )


def jours_selon_rfc_5545(regle: Regle, dernier: date) -> list[date]:
    """Oracle indépendant : la bibliothèque dateutil, qui ne connaît ni fuseau ni changement d’heure."""
    depart = datetime.combine(regle.premier_jour, time.min)
    if not regle.jours:
        return [regle.premier_jour]
    limite = min(dernier, regle.dernier_jour or dernier)
    repetition = rrule(
        WEEKLY,
        dtstart=depart,
        interval=regle.toutes_les_n_semaines,
        wkst=MO,
        byweekday=[weekday(jour - 1) for jour in regle.jours],
        until=datetime.combine(limite, time.min),
    )
    return [instant.date() for instant in repetition]


@given(regles(), jours, st.integers(1, 60))
def test_les_jours_ouverts_sont_ceux_de_la_rfc(regle, premier, duree):
    du = datetime.combine(premier, time.min, tzinfo=regle.fuseau)
    au = datetime.combine(premier + timedelta(days=duree), time.min, tzinfo=regle.fuseau)

    occurrences = developper(regle, Intervalle(du, au))

    attendus = [
        jour
        for jour in jours_selon_rfc_5545(regle, premier + timedelta(days=duree))
        if premier <= jour < premier + timedelta(days=duree) and jour not in regle.sauf
    ]
    existants = [jour for jour in attendus if regle.occurrence(jour) is not None]
    assert [o.debut.astimezone(regle.fuseau).date() for o in occurrences] == existants
    # Seules les heures sautées (une nuit par an et par fuseau) peuvent manquer.
    for jour in set(attendus) - set(existants):
        veille, lendemain = (
            datetime.combine(jour + timedelta(days=n), time.min, tzinfo=regle.fuseau) for n in (0, 1)
        )
        assert veille.utcoffset() != lendemain.utcoffset() or regle.heure_debut == regle.heure_fin


@given(regles(), jours)
def test_une_occurrence_garde_son_heure_murale(regle, jour):
    occurrence = regle.occurrence(jour)

    if occurrence is not None:
        mural = occurrence.debut.astimezone(regle.fuseau).replace(tzinfo=None)
        ecart = mural - datetime.combine(jour, regle.heure_debut)
        assert ecart in (timedelta(0), timedelta(hours=1))
        assert occurrence.debut < occurrence.fin


@given(regles(), jours, st.integers(1, 30), st.integers(1, 30))
def test_deux_fenetres_contigues_en_valent_une(regle, premier, n, m):
    a, b, c = (datetime.combine(premier + timedelta(days=d), time(3), tzinfo=UTC) for d in (0, n, n + m))

    ensemble = developper(regle, Intervalle(a, c))

    assert set(ensemble) == set(developper(regle, Intervalle(a, b))) | set(
        developper(regle, Intervalle(b, c))
    )
