"""Clore un mois : il survit à la purge du détail, et ne se refait plus."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from orientation.models import RecherchesDuJour
from remuneration import tasks
from remuneration.domaine.mois import Mois
from remuneration.models import CreneauRecu, MesureMensuelle, MoisMesure
from remuneration.pilotage.agregation import mesurer, mois_a_mesurer, relever_les_creneaux_recus
from sas_platform.conservation import REGLES, executer
from tests.agenda.factories import AgendaEditeurFactory
from tests.remuneration.pilotage.monde import APRES, MOIS, peupler
from tests.sas_platform.echeances import CREER

pytestmark = pytest.mark.django_db


def test_un_mois_clos_survit_a_la_purge_du_detail():
    peupler(5)
    mesurer(MOIS, maintenant=APRES)
    avant = set(MesureMensuelle.objects.values_list("territoire", "code", "dimension", "valeur"))
    mesurer(MOIS, maintenant=datetime(2026, 6, 15, 2, tzinfo=UTC))
    plus_tard = datetime(2027, 6, 1, tzinfo=UTC)

    effacees, _ = executer(REGLES["recherches"], maintenant=plus_tard)
    refait = mesurer(MOIS, maintenant=plus_tard)

    assert effacees > 0
    assert not RecherchesDuJour.objects.filter(jour__year=2026, jour__month=4).exists()
    assert not refait
    assert set(MesureMensuelle.objects.values_list("territoire", "code", "dimension", "valeur")) == avant


@pytest.mark.parametrize("nom", ["recherches", "appels", "mesures_editeurs"])
def test_le_detail_que_l_on_compte_ne_s_efface_que_d_un_mois_clos(nom):
    """Une durée plus courte que le délai de clôture, une nuit sans mesure : aucun nombre ne se perd."""
    CREER[nom](APRES)
    plus_tard = datetime(2027, 6, 1, tzinfo=UTC)
    MoisMesure.objects.update(clos_le=None)
    assert executer(REGLES[nom], maintenant=plus_tard)[0] == 0

    MoisMesure.objects.all().delete()
    assert executer(REGLES[nom], maintenant=plus_tard)[0] == 0
    for mois in mois_a_mesurer(maintenant=plus_tard):
        mesurer(mois, maintenant=plus_tard)

    assert executer(REGLES[nom], maintenant=plus_tard)[0] == 1


def test_clore_un_mois_oublie_qui_y_avait_un_creneau():
    AgendaEditeurFactory()
    relever_les_creneaux_recus(maintenant=datetime(2026, 4, 10, tzinfo=UTC))
    mesurer(MOIS, maintenant=datetime(2026, 6, 15, 2, tzinfo=UTC))

    assert MoisMesure.objects.get().clos_le is not None
    assert not CreneauRecu.objects.exists()
    assert MesureMensuelle.objects.get(code="interfaces").valeur == 1


@pytest.mark.parametrize(
    ("le", "attendus"),
    [
        pytest.param(
            datetime(2026, 5, 10, tzinfo=UTC), ["2026-03", "2026-04", "2026-05"], id="mars se clôt le 16 mai"
        ),
        pytest.param(datetime(2026, 5, 20, tzinfo=UTC), ["2026-04", "2026-05"], id="mars est échu"),
    ],
)
def test_chaque_nuit_refait_le_mois_en_cours_et_ceux_qui_ne_sont_pas_echus(le, attendus):
    assert [str(mois) for mois in mois_a_mesurer(maintenant=le)] == attendus


def test_un_mois_echu_jamais_clos_l_est_au_passage_suivant():
    MoisMesure.objects.create(mois=date(2025, 12, 1), calcule_le=APRES)

    assert Mois(2025, 12) in mois_a_mesurer(maintenant=APRES)
    assert tasks.mesurer_un_mois(mois="2025-12")
    assert not tasks.mesurer_un_mois(mois="2025-12")
