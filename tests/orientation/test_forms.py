"""Les heures d’une orientation hors créneaux : celles du lieu, du jour choisi, et encore possibles."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from orientation.forms import EnSusForm, nouvelle_cle

MIDI = datetime(2026, 11, 2, 11, 5, tzinfo=UTC)


def impossibles(maintenant: datetime, fuseau: str = "Europe/Paris") -> dict[str, list[str]]:
    form = EnSusForm(fuseau=fuseau, maintenant=maintenant)
    return json.loads(form.fields["date"].widget.attrs["data-sas-heures-impossibles"])


def saisie(maintenant: datetime, jour: str, heure: str) -> EnSusForm:
    donnees = {"etape": "saisie", "cle": nouvelle_cle(), "date": jour, "heure": heure}
    return EnSusForm(donnees, fuseau="Europe/Paris", maintenant=maintenant)


@pytest.mark.parametrize(
    ("fuseau", "jour", "derniere_passee"),
    [
        pytest.param("Europe/Paris", "2026-11-02", "12:00", id="Paris"),
        pytest.param("Indian/Reunion", "2026-11-02", "15:00", id="La Réunion"),
        pytest.param("America/Martinique", "2026-11-02", "07:00", id="Martinique"),
        pytest.param("Pacific/Marquesas", "2026-11-02", "01:30", id="Marquises, à la demi-heure"),
        pytest.param("Pacific/Wallis", "2026-11-02", "23:00", id="Wallis, une heure avant minuit"),
    ],
)
def test_les_heures_passees_au_lieu_ne_sont_plus_possibles_ce_jour_la(fuseau, jour, derniere_passee):
    heures = impossibles(MIDI, fuseau)

    assert heures[jour][0] == "00:00"
    assert heures[jour][-1] == derniere_passee
    assert [j for j in heures if j != jour] == ["2026-12-02"]


def test_le_dernier_jour_s_arrete_a_l_heure_qu_il_est():
    dernier = impossibles(MIDI)["2026-12-02"]

    assert (dernier[0], dernier[-1]) == ("12:15", "23:59")


def test_a_la_fin_du_jour_on_propose_le_lendemain():
    avant_minuit = datetime(2026, 11, 2, 22, 50, tzinfo=UTC)
    form = EnSusForm(fuseau="Europe/Paris", maintenant=avant_minuit)

    assert "23:45" in impossibles(avant_minuit)["2026-11-02"]
    assert (form["date"].value().isoformat(), form["heure"].value()) == ("2026-11-03", "00:00")
    assert form.fields["date"].widget.attrs["min"] == "2026-11-03"


def test_les_heures_sautees_par_l_heure_d_ete_ne_sont_pas_possibles():
    assert impossibles(datetime(2027, 3, 20, 12, tzinfo=UTC))["2027-03-28"] == [
        "02:00",
        "02:15",
        "02:30",
        "02:45",
    ]


@pytest.mark.parametrize(
    ("maintenant", "debut"),
    [
        pytest.param(
            datetime(2026, 10, 25, 0, 5, tzinfo=UTC),
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
            id="la première est à venir",
        ),
        pytest.param(
            datetime(2026, 10, 25, 0, 35, tzinfo=UTC),
            datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
            id="la première est passée",
        ),
    ],
)
def test_l_heure_qui_revient_en_hiver_est_la_prochaine(maintenant, debut):
    form = saisie(maintenant, "2026-10-25", "02:30")

    assert form.is_valid(), form.errors
    assert form.cleaned_data["debut"] == debut
    assert "02:30" not in impossibles(maintenant)["2026-10-25"]


@pytest.mark.parametrize("minutes", range(0, 240, 10))
def test_la_nuit_de_l_heure_d_hiver_l_heure_proposee_d_avance_se_peut(minutes):
    maintenant = datetime(2026, 10, 24, 22, 5, tzinfo=UTC) + timedelta(minutes=minutes)
    vierge = EnSusForm(fuseau="Europe/Paris", maintenant=maintenant)

    form = saisie(maintenant, vierge["date"].value().isoformat(), vierge["heure"].value())

    assert form.is_valid(), form.errors
