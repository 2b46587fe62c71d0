from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenda.domaine.offre import (
    AgendaRecu,
    CreneauRecu,
    Ouverture,
    absence,
    composer,
    en_instant,
    en_minutes,
    fin_de_fenetre,
    rogner,
    telephone_de,
)
from agenda.domaine.recurrence import Regle
from sas_platform.socle.intervalles import Intervalle

PARIS = ZoneInfo("Europe/Paris")
MATIN = datetime(2026, 11, 2, 7, tzinfo=UTC)  # lundi, 8 h à Paris


def ouverture(de: str, a: str, *, capacite: int = 1, plage: bool = False, jour=date(2026, 11, 2), **champs):
    regle = Regle(
        premier_jour=jour,
        heure_debut=time.fromisoformat(de),
        heure_fin=time.fromisoformat(a),
        fuseau=champs.pop("fuseau", PARIS),
        **champs,
    )
    return Ouverture(id=7, regle=regle, est_plage=plage, capacite=capacite, modalites=("cabinet",), maj=0)


def entre(de: int, a: int) -> Intervalle:
    """Fermeture du lundi 2 novembre 2026, d’une heure de Paris à une autre."""
    return Intervalle(*(datetime(2026, 11, 2, heure, tzinfo=PARIS).astimezone(UTC) for heure in (de, a)))


def offre(*ouvertures, fermetures=(), prises=None, agendas=(), fuseau=PARIS, maintenant=MATIN):
    return composer(
        ouvertures=ouvertures,
        fermetures=fermetures,
        prises=prises or {},
        agendas=agendas,
        fuseau=fuseau,
        maintenant=maintenant,
    )


def heures(creneaux) -> list[str]:
    return [
        f"{en_instant(c.debut).astimezone(PARIS):%H:%M}-{en_instant(c.fin).astimezone(PARIS):%H:%M}"
        for c in creneaux
    ]


@pytest.mark.parametrize(
    ("ouvertures", "fermetures", "attendu"),
    [
        pytest.param([ouverture("09:00", "09:20")], [], ["09:00-09:20"], id="créneau à venir"),
        pytest.param([ouverture("08:00", "08:20")], [], [], id="créneau déjà commencé"),
        pytest.param(
            [ouverture("07:00", "12:00", plage=True, capacite=3)], [], ["07:00-12:00"], id="plage en cours"
        ),
        pytest.param([ouverture("09:00", "09:20")], [entre(9, 10)], [], id="créneau fermé"),
        pytest.param([ouverture("09:00", "09:20")], [entre(10, 12)], ["09:00-09:20"], id="fermé plus tard"),
        pytest.param(
            [ouverture("09:00", "12:00", plage=True, capacite=3)],
            [entre(8, 10)],
            ["10:00-12:00"],
            id="plage rognée au début",
        ),
        pytest.param(
            [ouverture("09:00", "12:00", plage=True, capacite=3)],
            [entre(11, 13)],
            ["09:00-11:00"],
            id="plage rognée à la fin",
        ),
        pytest.param(
            [ouverture("09:00", "12:00", plage=True, capacite=3)], [entre(8, 12)], [], id="plage couverte"
        ),
        pytest.param(
            [ouverture("11:00", "11:20"), ouverture("09:00", "09:20")],
            [],
            ["09:00-09:20", "11:00-11:20"],
            id="triés par début",
        ),
    ],
)
def test_ce_qui_est_proposable(ouvertures, fermetures, attendu):
    assert heures(offre(*ouvertures, fermetures=fermetures)) == attendu


def test_un_jour_ferme_laisse_les_autres_jours_ouverts():
    semaine = ouverture("09:00", "09:20", jours=frozenset({1, 2, 3}))

    creneaux = offre(semaine, fermetures=[entre(0, 23)])

    assert [en_instant(c.debut).day for c in creneaux] == [3, 4]


@pytest.mark.parametrize(("prises", "proposees"), [(0, [0]), (2, [2]), (3, [])])
def test_une_plage_pleine_n_est_plus_proposee(prises, proposees):
    plage = ouverture("09:00", "12:00", plage=True, capacite=3)
    debut = en_minutes(datetime(2026, 11, 2, 8, tzinfo=UTC))

    creneaux = offre(plage, prises={(7, debut): prises})

    assert [c.prises for c in creneaux] == proposees


def test_les_creneaux_recus_et_saisis_sont_reunis_et_tries():
    dix_heures = en_minutes(datetime(2026, 11, 2, 9, tzinfo=UTC))
    recu = AgendaRecu(
        id=3,
        editeur="Exemple",
        lot=1,
        creneaux=[
            CreneauRecu("b", dix_heures, dix_heures + 15, ("cabinet",), ("PUBLIC",), "https://x"),
            CreneauRecu("a", en_minutes(MATIN) - 5, en_minutes(MATIN) + 10, (), (), ""),
        ],
    )

    creneaux = offre(ouverture("09:00", "09:20"), ouverture("11:00", "11:20"), agendas=[recu])

    assert heures(creneaux) == ["09:00-09:20", "10:00-10:15", "11:00-11:20"]
    assert [c.editeur for c in creneaux] == ["", "Exemple", ""]


def agenda_recu(numero: int, *heures_de_debut: int, telephone: str = "", prises=()) -> AgendaRecu:
    """Un agenda d’éditeur, de créneaux d’un quart d’heure le lundi 2 novembre 2026."""
    debuts = [en_minutes(datetime(2026, 11, 2, heure, tzinfo=PARIS)) for heure in heures_de_debut]
    creneaux = [CreneauRecu(str(debut), debut, debut + 15, ("cabinet",), (), "") for debut in debuts]
    return AgendaRecu(
        id=numero, editeur="Exemple", lot=numero, creneaux=creneaux, telephone=telephone, prises=prises
    )


def test_un_creneau_d_editeur_se_cache_quand_le_lieu_ferme_ou_qu_on_vient_de_le_prendre():
    onze_heures = en_minutes(datetime(2026, 11, 2, 11, tzinfo=PARIS))
    agenda = agenda_recu(3, 9, 10, 11, prises=[(onze_heures + 10, onze_heures + 30)])

    assert heures(offre(agendas=[agenda])) == ["09:00-09:15", "10:00-10:15"]
    assert heures(offre(agendas=[agenda], fermetures=[entre(10, 12)])) == ["09:00-09:15"]


@pytest.mark.parametrize(
    ("agendas", "attendu"),
    [
        pytest.param(
            [agenda_recu(1, telephone="01"), agenda_recu(2, 9, telephone="02")], "02", id="qui propose"
        ),
        pytest.param([agenda_recu(1, 9), agenda_recu(2, 10, telephone="02")], "02", id="qui en donne un"),
        pytest.param(
            [agenda_recu(1, 9, telephone="01"), agenda_recu(2, 9, telephone="02")], "01", id="le premier"
        ),
        pytest.param([agenda_recu(1, telephone="01")], "", id="aucun ne propose"),
    ],
)
def test_le_numero_vient_d_un_editeur_dont_un_creneau_est_propose(agendas, attendu):
    """metier.md § 1.12, W-19."""
    creneaux = offre(ouverture("09:00", "09:20"), agendas=agendas)

    assert telephone_de(agendas, creneaux) == attendu


@pytest.mark.parametrize(
    ("maintenant", "fuseau", "attendue"),
    [
        pytest.param("2026-11-02T07:00Z", "Europe/Paris", "2026-11-04T23:00Z", id="Paris, l’hiver"),
        pytest.param("2026-07-06T07:00Z", "Europe/Paris", "2026-07-08T22:00Z", id="Paris, l’été"),
        pytest.param("2026-11-02T07:00Z", "Indian/Reunion", "2026-11-04T20:00Z", id="La Réunion"),
        pytest.param(
            "2026-11-02T07:00Z", "Pacific/Tahiti", "2026-11-04T10:00Z", id="Tahiti, encore dimanche"
        ),
        pytest.param("2026-10-24T22:00Z", "Europe/Paris", "2026-10-27T22:00Z", id="72 h, jour de 25 h"),
        pytest.param("2026-11-02T11:00Z", "America/Miquelon", "2026-11-05T03:00Z", id="Miquelon"),
    ],
)
def test_la_fenetre_va_jusqu_a_minuit_apres_j_plus_2_sans_depasser_72_h(maintenant, fuseau, attendue):
    assert fin_de_fenetre(datetime.fromisoformat(maintenant), ZoneInfo(fuseau)) == datetime.fromisoformat(
        attendue
    )


heures_du_jour = st.integers(0, 22).flatmap(lambda h: st.tuples(st.just(h), st.integers(h + 1, 23)))


@given(heures_du_jour, st.lists(heures_du_jour, max_size=4))
def test_une_plage_rognee_ne_garde_que_des_bords_ouverts(plage, fermees):
    fermetures = [entre(*bornes) for bornes in fermees]

    reste = rogner(entre(*plage), fermetures)

    couvertes = {h for de, a in fermees for h in range(de, a)}
    ouvertes = [h for h in range(*plage) if h not in couvertes]
    if not ouvertes:
        assert reste is None
    else:
        assert reste == entre(ouvertes[0], ouvertes[-1] + 1)


def test_minutes_et_instants_se_repondent():
    assert en_instant(en_minutes(MATIN)) == MATIN
    assert en_instant(en_minutes(MATIN + timedelta(seconds=59))) == MATIN


@pytest.mark.parametrize(
    ("fermetures", "attendue"),
    [
        pytest.param([], None, id="ouvert"),
        pytest.param(
            [("11-02T08:00", "11-04T18:00")], None, id="de retour avant la fin de ce que l’on montre"
        ),
        pytest.param(
            [("11-01T08:00", "11-05T00:00")], ("11-01T08:00", "11-03T00:00"), id="trois jours, tout juste"
        ),
        pytest.param([("11-02T12:00", "11-16T09:00")], ("11-02T12:00", "11-14T00:00"), id="en congé à midi"),
        pytest.param(
            [("11-04T00:00", "11-16T09:00"), ("11-01T08:00", "11-04T00:00")],
            ("11-01T08:00", "11-14T00:00"),
            id="deux fermetures qui se suivent",
        ),
        pytest.param(
            [("11-01T08:00", "11-02T12:00"), ("11-06T00:00", "11-16T00:00")],
            ("11-06T00:00", "11-14T00:00"),
            id="la prochaine",
        ),
        pytest.param([("10-20T08:00", "11-04T00:00")], None, id="bientôt de retour"),
    ],
)
def test_un_lieu_ne_se_cherche_plus_quand_il_ferme_tout_ce_que_l_on_montre(fermetures, attendue):
    """metier.md S-33, A-35."""

    def periode(de: str, a: str) -> Intervalle:
        return Intervalle(
            *(datetime.fromisoformat(f"2026-{quand}").replace(tzinfo=PARIS) for quand in (de, a))
        )

    trouvee = absence([periode(*bornes) for bornes in fermetures], PARIS, MATIN)

    assert trouvee == (attendue and periode(*attendue))


@given(st.integers(0, 24 * 14), st.integers(1, 24 * 14), st.integers(0, 24 * 14))
def test_absent_veut_dire_que_la_fermeture_couvre_la_fenetre(debut_h, duree_h, instant_h):
    debut, instant = (MATIN + timedelta(hours=h) for h in (debut_h, instant_h))
    fermeture = Intervalle(debut, debut + timedelta(hours=duree_h))

    trouvee = absence([fermeture], PARIS, instant)

    couvre = fermeture.debut <= instant and fin_de_fenetre(instant, PARIS) <= fermeture.fin
    assert (trouvee is not None and trouvee.contient(instant)) == couvre
