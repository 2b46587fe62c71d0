from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from agenda.domaine.saisie import Saisie, refus, regles, restes

PARIS = ZoneInfo("Europe/Paris")
# Lundi 23 novembre 2026, 10 h à Paris, 21 h la veille à Tahiti… du dimanche 22, 23 h.
MAINTENANT = datetime(2026, 11, 23, 9, tzinfo=UTC)
LUNDI = date(2026, 11, 23)
PLAGE = Saisie(
    est_plage=True,
    capacite=3,
    modalites=("cabinet",),
    premier_jour=date(2026, 11, 24),
    horaires=((time(9), time(12)),),
)
CRENEAUX = replace(PLAGE, est_plage=False, capacite=1, duree_creneau_min=15)


@pytest.mark.parametrize(
    ("saisie", "champs"),
    [
        pytest.param(PLAGE, [], id="une plage"),
        pytest.param(CRENEAUX, [], id="des créneaux"),
        pytest.param(
            replace(PLAGE, horaires=((time(9), time(12)), (time(14), time(18)))), [], id="matin et soir"
        ),
        pytest.param(
            replace(PLAGE, premier_jour=LUNDI, horaires=((time(11), time(12)),)), [], id="tout à l’heure"
        ),
        pytest.param(
            replace(PLAGE, premier_jour=LUNDI, jours=frozenset({1})), [], id="chaque lundi dès aujourd’hui"
        ),
        pytest.param(replace(PLAGE, premier_jour=date(2026, 11, 22)), ["premier_jour"], id="hier"),
        pytest.param(replace(PLAGE, premier_jour=LUNDI), ["premier_jour"], id="ce matin, déjà passé"),
        pytest.param(
            replace(PLAGE, premier_jour=date(2029, 1, 1)), ["premier_jour"], id="dans plus de deux ans"
        ),
        pytest.param(replace(PLAGE, jours=frozenset({8})), ["jours"], id="huitième jour"),
        pytest.param(replace(PLAGE, dernier_jour=date(2026, 11, 23)), ["dernier_jour"], id="finit avant"),
        pytest.param(
            replace(PLAGE, jours=frozenset({1}), dernier_jour=date(2026, 11, 27)),
            ["dernier_jour"],
            id="chaque lundi, du mardi au vendredi",
        ),
        pytest.param(
            replace(PLAGE, premier_jour=LUNDI, jours=frozenset({1}), dernier_jour=LUNDI),
            ["dernier_jour"],
            id="chaque lundi jusqu’à aujourd’hui, l’heure passée",
        ),
        pytest.param(
            replace(PLAGE, premier_jour=date(2027, 3, 28), horaires=((time(2, 10), time(2, 40)),)),
            ["heure_debut"],
            id="dans l’heure que l’horloge saute",
        ),
        pytest.param(
            replace(CRENEAUX, premier_jour=date(2027, 3, 28), horaires=((time(1), time(4)),)),
            [],
            id="autour de l’heure que l’horloge saute",
        ),
        pytest.param(
            replace(
                PLAGE, premier_jour=date(2026, 10, 25) + timedelta(days=364), horaires=((time(2), time(3)),)
            ),
            [],
            id="dans l’heure que l’horloge redit",
        ),
        pytest.param(
            replace(
                PLAGE, premier_jour=date(2028, 11, 20), jours=frozenset({7}), dernier_jour=date(2028, 11, 27)
            ),
            [],
            id="dans deux ans",
        ),
        pytest.param(replace(PLAGE, toutes_les_n_semaines=0), ["toutes_les_n_semaines"], id="zéro semaine"),
        pytest.param(replace(PLAGE, toutes_les_n_semaines=53), ["toutes_les_n_semaines"], id="53 semaines"),
        pytest.param(replace(PLAGE, horaires=()), ["heure_debut"], id="sans horaire"),
        pytest.param(replace(PLAGE, horaires=((time(9), time(9)),)), ["heure_fin"], id="durée nulle"),
        pytest.param(replace(PLAGE, horaires=((time(9), time(8)),)), ["heure_fin"], id="fin avant le début"),
        pytest.param(
            replace(PLAGE, horaires=((time(9), time(12)), (time(11), time(13)))),
            ["heure_debut"],
            id="se recouvrent",
        ),
        pytest.param(replace(PLAGE, modalites=()), ["modalites"], id="aucun type"),
        pytest.param(replace(PLAGE, modalites=("astral",)), ["modalites"], id="type inconnu"),
        pytest.param(replace(PLAGE, capacite=0), ["capacite"], id="zéro patient"),
        pytest.param(replace(PLAGE, capacite=100_000), ["capacite"], id="capacité énorme"),
        pytest.param(
            replace(PLAGE, duree_creneau_min=15), ["duree_creneau_min"], id="une plage ne se coupe pas"
        ),
        pytest.param(replace(CRENEAUX, capacite=2), ["capacite"], id="un créneau pour deux"),
        pytest.param(
            replace(CRENEAUX, duree_creneau_min=None), ["duree_creneau_min"], id="créneau de trois heures"
        ),
        pytest.param(
            replace(CRENEAUX, duree_creneau_min=None, horaires=((time(10, 50), time(11, 10)),)),
            [],
            id="un créneau de vingt minutes, à cheval sur deux heures",
        ),
        pytest.param(replace(CRENEAUX, duree_creneau_min=4), ["duree_creneau_min"], id="quatre minutes"),
        pytest.param(replace(CRENEAUX, duree_creneau_min=61), ["duree_creneau_min"], id="61 minutes"),
        pytest.param(
            replace(CRENEAUX, horaires=((time(9), time(9, 10)),)),
            ["duree_creneau_min"],
            id="plus court que le créneau",
        ),
    ],
)
def test_le_serveur_verifie_chaque_champ(saisie, champs):
    assert [r.champ for r in refus(saisie, maintenant=MAINTENANT, fuseau=PARIS)] == champs


def test_aujourd_hui_est_celui_du_lieu():
    a_tahiti = replace(PLAGE, premier_jour=date(2026, 11, 22), horaires=((time(23, 15), time(23, 45)),))

    assert refus(a_tahiti, maintenant=MAINTENANT, fuseau=ZoneInfo("Pacific/Tahiti")) == []
    assert refus(a_tahiti, maintenant=MAINTENANT, fuseau=PARIS)


def test_matin_et_apres_midi_se_coupent_en_creneaux_d_un_geste():
    saisie = replace(
        CRENEAUX,
        horaires=((time(9), time(10)), (time(14), time(14, 40))),
        jours=frozenset({1, 4}),
        duree_creneau_min=20,
    )

    produites = regles(saisie, PARIS)

    assert [f"{r.heure_debut:%H:%M}" for r in produites] == ["09:00", "09:20", "09:40", "14:00", "14:20"]
    assert {r.jours for r in produites} == {frozenset({1, 4})}


@pytest.mark.parametrize(
    ("duree", "attendus"),
    [
        pytest.param(25, [(time(9, 50), time(10))], id="dix minutes de trop le matin"),
        pytest.param(20, [], id="le compte y est"),
        pytest.param(None, [], id="rien à couper"),
    ],
)
def test_ce_qui_reste_ferme_apres_le_decoupage(duree, attendus):
    saisie = replace(
        CRENEAUX, horaires=((time(9), time(10)), (time(14), time(14, 20))), duree_creneau_min=duree
    )

    assert restes(replace(saisie, horaires=saisie.horaires[:1])) == attendus
