from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agenda.domaine.edition import a_venir, chevauchements, couper, decouper, isoler, premier_jour_a_venir
from agenda.domaine.recurrence import Regle, developper
from sas_platform.socle.intervalles import Intervalle

PARIS = ZoneInfo("Europe/Paris")
FENETRE = Intervalle(datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC))


def regle(**champs: object) -> Regle:
    valeurs = {
        "premier_jour": date(2026, 10, 5),
        "heure_debut": time(9),
        "heure_fin": time(10),
        "fuseau": PARIS,
        "jours": frozenset({1, 3}),
    }
    return Regle(**(valeurs | champs))


fuseaux = st.sampled_from(["Europe/Paris", "America/Miquelon", "Indian/Reunion", "Pacific/Tahiti"])
regles = st.builds(
    Regle,
    premier_jour=st.dates(date(2026, 9, 7), date(2026, 10, 30)),
    dernier_jour=st.one_of(st.none(), st.dates(date(2026, 11, 1), date(2027, 3, 1))),
    jours=st.frozensets(st.integers(1, 7), max_size=4),
    toutes_les_n_semaines=st.integers(1, 4),
    heure_debut=st.just(time(9)),
    heure_fin=st.just(time(11, 30)),
    fuseau=fuseaux.map(ZoneInfo),
    sauf=st.frozensets(st.dates(date(2026, 9, 7), date(2026, 12, 1)), max_size=3),
)


def occurrences(*morceaux: Regle | None) -> list[Intervalle]:
    return sorted(o for morceau in morceaux if morceau for o in developper(morceau, FENETRE))


@given(regles, st.integers(0, 200))
def test_couper_ne_perd_ni_n_ajoute_aucune_occurrence(entiere, rang):
    toutes = occurrences(entiere)
    assume(toutes)
    jour = toutes[rang % len(toutes)].debut.astimezone(entiere.fuseau).date()

    scission = couper(entiere, jour)

    assert occurrences(scission.gardee, scission.changee) == toutes
    assert all(o.debut.astimezone(entiere.fuseau).date() < jour for o in occurrences(scission.gardee))
    assert all(o.debut.astimezone(entiere.fuseau).date() >= jour for o in occurrences(scission.changee))


@given(regles, st.integers(0, 200))
def test_isoler_detache_une_occurrence_et_une_seule(entiere, rang):
    toutes = occurrences(entiere)
    assume(toutes)
    choisie = toutes[rang % len(toutes)]

    scission = isoler(entiere, choisie.debut.astimezone(entiere.fuseau).date())

    assert occurrences(scission.changee) == [choisie]
    assert occurrences(scission.gardee) == [o for o in toutes if o != choisie]


@pytest.mark.parametrize("couper_ou_isoler", [couper, isoler])
@pytest.mark.parametrize(
    "jour",
    [
        pytest.param(date(2026, 10, 6), id="un mardi"),
        pytest.param(date(2026, 9, 28), id="avant le premier jour"),
        pytest.param(date(2026, 10, 12), id="un jour excepté"),
    ],
)
def test_on_ne_coupe_que_la_ou_la_regle_ouvre(couper_ou_isoler, jour):
    with pytest.raises(ValueError, match="n’ouvre pas ce jour-là"):
        couper_ou_isoler(regle(sauf=frozenset({date(2026, 10, 12)})), jour)


def test_couper_a_la_premiere_occurrence_ne_laisse_rien_derriere():
    assert couper(regle(), date(2026, 10, 5)).gardee is None


def test_couper_garde_le_rythme_d_une_semaine_sur_deux():
    scission = couper(regle(jours=frozenset({1}), toutes_les_n_semaines=2), date(2026, 10, 19))

    assert [o.debut.date() for o in occurrences(scission.changee)][:2] == [
        date(2026, 10, 19),
        date(2026, 11, 2),
    ]


def test_isoler_la_seule_occurrence_d_une_serie_ne_laisse_rien():
    assert isoler(regle(dernier_jour=date(2026, 10, 6)), date(2026, 10, 5)).gardee is None


@pytest.mark.parametrize(
    ("de", "a", "duree", "attendus"),
    [
        pytest.param("09:00", "10:00", 15, ["09:00", "09:15", "09:30", "09:45"], id="quatre quarts d’heure"),
        pytest.param("09:00", "09:50", 20, ["09:00", "09:20"], id="le reste est laissé"),
        pytest.param("09:00", "10:00", 60, ["09:00"], id="une heure"),
        pytest.param("23:30", "23:59", 5, ["23:30", "23:35", "23:40", "23:45", "23:50"], id="fin de journée"),
    ],
)
def test_une_periode_se_decoupe_en_creneaux_egaux(de, a, duree, attendus):
    creneaux = decouper(time.fromisoformat(de), time.fromisoformat(a), duree_min=duree)

    assert [f"{debut:%H:%M}" for debut, _ in creneaux] == attendus
    assert {(f.hour * 60 + f.minute) - (d.hour * 60 + d.minute) for d, f in creneaux} == {duree}


@pytest.mark.parametrize(
    ("de", "a", "duree", "message"),
    [
        pytest.param("09:00", "10:00", 4, "5 à 60", id="trop court"),
        pytest.param("09:00", "12:00", 61, "5 à 60", id="trop long"),
        pytest.param("09:00", "09:10", 15, "plus courte", id="rien n’y tient"),
        pytest.param("10:00", "09:00", 15, "plus courte", id="fin avant le début"),
    ],
)
def test_un_decoupage_impossible_est_refuse(de, a, duree, message):
    with pytest.raises(ValueError, match=message):
        decouper(time.fromisoformat(de), time.fromisoformat(a), duree_min=duree)


def test_la_premiere_occurrence_a_venir_suit_l_heure_du_lieu():
    tahiti = regle(fuseau=ZoneInfo("Pacific/Tahiti"), jours=frozenset({1}))

    # Mardi 1 h à Paris : encore lundi 13 h à Tahiti, l’ouverture de 9 h est passée.
    assert premier_jour_a_venir(tahiti, datetime(2026, 10, 12, 23, tzinfo=UTC)) == date(2026, 10, 19)
    assert premier_jour_a_venir(tahiti, datetime(2026, 10, 12, 18, tzinfo=UTC)) == date(2026, 10, 12)
    assert premier_jour_a_venir(tahiti, datetime(2026, 10, 12, 19, tzinfo=UTC)) == date(2026, 10, 19)


def test_une_serie_finie_n_a_plus_d_occurrence_a_venir():
    assert (
        premier_jour_a_venir(regle(dernier_jour=date(2026, 10, 31)), datetime(2026, 11, 2, tzinfo=UTC))
        is None
    )


def test_les_chevauchements_se_disent_dans_l_ordre():
    fenetre = Intervalle(datetime(2026, 10, 5, tzinfo=UTC), datetime(2026, 10, 12, tzinfo=UTC))
    autre = regle(heure_debut=time(9, 30), heure_fin=time(11))

    communes = chevauchements(regle(), [autre], fenetre)

    assert [c.duree for c in communes] == [timedelta(minutes=30)] * 2
    assert chevauchements(regle(), [regle(heure_debut=time(10), heure_fin=time(11))], fenetre) == []


@pytest.mark.parametrize(
    ("instant", "attendus"),
    [
        pytest.param(datetime(2026, 10, 5, 6, tzinfo=UTC), [5, 7, 12], id="avant l’heure"),
        pytest.param(datetime(2026, 10, 5, 7, tzinfo=UTC), [7, 12, 14], id="à l’heure même"),
        pytest.param(datetime(2026, 10, 5, 18, tzinfo=UTC), [7, 12, 14], id="le soir"),
    ],
)
def test_une_serie_ouverte_trop_tard_dans_la_journee_commence_a_l_occurrence_suivante(instant, attendus):
    occurrences = developper(a_venir(regle(), instant), FENETRE)

    assert [o.debut.day for o in occurrences[:3]] == attendus


def test_une_semaine_sur_deux_garde_son_rythme_sans_son_premier_jour():
    une_sur_deux = regle(jours=frozenset({1}), toutes_les_n_semaines=2)

    occurrences = developper(a_venir(une_sur_deux, datetime(2026, 10, 5, 18, tzinfo=UTC)), FENETRE)

    assert [f"{o.debut:%d/%m}" for o in occurrences[:2]] == ["19/10", "02/11"]
