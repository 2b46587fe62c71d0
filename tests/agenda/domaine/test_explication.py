from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenda.domaine.explication import AgendaSuivi, Motif, Visibilite, expliquer
from agenda.domaine.offre import AgendaRecu, CreneauRecu, Ouverture, composer, en_minutes, fin_de_fenetre
from agenda.domaine.recurrence import Regle
from sas_platform.socle.intervalles import Intervalle

PARIS = ZoneInfo("Europe/Paris")
MAINTENANT = datetime(2026, 11, 23, 9, tzinfo=UTC)  # lundi, 10 h à Paris


def ouverture(
    de: str = "14:00",
    a: str = "16:00",
    *,
    jour: date = date(2026, 11, 23),
    est_plage: bool = True,
    numero: int = 1,
) -> Ouverture:
    regle = Regle(
        premier_jour=jour,
        heure_debut=time.fromisoformat(de),
        heure_fin=time.fromisoformat(a),
        fuseau=PARIS,
    )
    return Ouverture(id=numero, regle=regle, est_plage=est_plage, capacite=2, modalites=("cabinet",), maj=0)


def recu(heures: int, **etat: bool) -> AgendaSuivi:
    debut = en_minutes(MAINTENANT + timedelta(hours=heures))
    creneau = CreneauRecu("a", debut, debut + 15, ("cabinet",), (), "")
    return AgendaSuivi(AgendaRecu(id=1, editeur="Éditeur", lot=1, creneaux=[creneau]), **etat)


def motifs(ouvertures=(), agendas=(), fermetures=(), prises=None, **visibilite):
    expliques = expliquer(
        ouvertures=ouvertures,
        fermetures=fermetures,
        prises=prises or {},
        agendas=agendas,
        visibilite=Visibilite(**visibilite),
        fuseau=PARIS,
        maintenant=MAINTENANT,
    )
    return [e.motif for e in expliques]


TOUT_LE_JOUR = [Intervalle(MAINTENANT - timedelta(hours=9), MAINTENANT + timedelta(hours=14))]
PLEINE = {(1, en_minutes(datetime(2026, 11, 23, 13, tzinfo=UTC))): 2}


@pytest.mark.parametrize(
    ("scene", "attendu"),
    [
        pytest.param({"ouvertures": [ouverture()]}, None, id="saisi, montré"),
        pytest.param({"agendas": [recu(3)]}, None, id="éditeur, montré"),
        pytest.param({"ouvertures": [ouverture("09:00", "11:00")]}, None, id="plage en cours, montrée"),
        pytest.param(
            {"ouvertures": [ouverture("09:00", "09:30", est_plage=False)]},
            "absent",
            id="créneau fini : rien à dire",
        ),
        pytest.param(
            {"ouvertures": [ouverture("09:45", "10:15", est_plage=False)]},
            Motif.COMMENCE,
            id="créneau commencé",
        ),
        pytest.param(
            {"ouvertures": [ouverture()], "fermetures": TOUT_LE_JOUR}, Motif.INDISPONIBILITE, id="fermé"
        ),
        pytest.param({"ouvertures": [ouverture()], "prises": PLEINE}, Motif.COMPLET, id="complet"),
        pytest.param(
            {"ouvertures": [ouverture(jour=date(2026, 11, 26))]}, Motif.HORS_FENETRE, id="jeudi, trop loin"
        ),
        pytest.param(
            {"ouvertures": [ouverture()], "via_sos": True, "agenda_saisi": False}, Motif.SOS, id="SOS"
        ),
        pytest.param(
            {"ouvertures": [ouverture()], "agenda_saisi": False}, Motif.AGENDA_FERME, id="interfacé"
        ),
        pytest.param({"agendas": [recu(3)], "agenda_editeur": False}, Motif.AFFICHAGE_REFUSE, id="refusé"),
        pytest.param({"agendas": [recu(3, est_perime=True)]}, Motif.EDITEUR_MUET, id="éditeur muet"),
        pytest.param({"agendas": [recu(3, est_actif=False)]}, Motif.EDITEUR_COUPE, id="éditeur coupé"),
    ],
)
def test_chaque_creneau_cache_dit_pourquoi(scene, attendu):
    assert motifs(**scene) == ([] if attendu == "absent" else [attendu])


bornes = st.tuples(st.integers(0, 95), st.integers(1, 12))
ouvertures = st.lists(
    st.builds(
        lambda jour, q, est_plage, numero: ouverture(
            f"{q[0] // 4:02}:{q[0] % 4 * 15:02}",
            f"{min(q[0] + q[1], 95) // 4:02}:{min(q[0] + q[1], 95) % 4 * 15:02}",
            jour=date(2026, 11, 22) + timedelta(days=jour),
            est_plage=est_plage,
            numero=numero,
        ),
        st.integers(0, 6),
        st.tuples(st.integers(0, 90), st.integers(1, 12)),
        st.booleans(),
        st.integers(1, 3),
    ),
    max_size=5,
    unique_by=lambda o: o.id,
)
fermetures = st.lists(
    st.builds(
        lambda debut, duree: Intervalle(
            MAINTENANT + timedelta(minutes=15 * debut), MAINTENANT + timedelta(minutes=15 * (debut + duree))
        ),
        st.integers(-40, 400),
        st.integers(1, 60),
    ),
    max_size=3,
)
agendas = st.lists(st.builds(recu, st.integers(-5, 120), est_perime=st.booleans()), max_size=3)


@given(ouvertures, fermetures, agendas, st.integers(0, 2), st.booleans(), st.booleans())
def test_un_creneau_est_montre_si_et_seulement_si_rien_ne_le_cache(
    ouvertures, fermetures, agendas, deja, agenda_saisi, agenda_editeur
):
    """Oracle : ce que compose la projection, coupé par la fenêtre et par l’âge comme le fait la recherche."""
    prises = {
        (o.id, en_minutes(occurrence.debut)): deja
        for o in ouvertures
        if (occurrence := o.regle.occurrence(o.regle.premier_jour))
    }
    visibilite = Visibilite(agenda_saisi=agenda_saisi, agenda_editeur=agenda_editeur)

    expliques = expliquer(
        ouvertures=ouvertures,
        fermetures=fermetures,
        prises=prises,
        agendas=agendas,
        visibilite=visibilite,
        fuseau=PARIS,
        maintenant=MAINTENANT,
    )

    composes = composer(
        ouvertures=ouvertures if agenda_saisi else (),
        fermetures=fermetures,
        prises=prises,
        agendas=[a.agenda for a in agendas if not a.est_perime] if agenda_editeur else (),
        fuseau=PARIS,
        maintenant=MAINTENANT,
    )
    limite = en_minutes(fin_de_fenetre(MAINTENANT, PARIS))
    attendus = sorted((c.debut, c.fin, c.editeur) for c in composes if c.debut < limite)
    montres = [(en_minutes(e.debut), en_minutes(e.fin), e.editeur) for e in expliques if e.motif is None]
    assert montres == attendus
