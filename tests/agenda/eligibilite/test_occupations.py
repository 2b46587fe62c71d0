"""Une heure qu’un calendrier externe occupe n’est pas une heure montrée : jauge et relevés n’en comptent rien."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from agenda.domaine.heures import AgendaDuLieu, OuvertureDeclaree, heures_visibles, semaine_de
from agenda.eligibilite.lectures import semaines_des_effecteurs
from agenda.eligibilite.releves import relever
from agenda.models import Disponibilite, PeriodeOccupee, ReleveHebdomadaire
from participation.models import Participation
from sas_platform.socle.intervalles import Intervalle
from tests.agenda.factories import LUNDI, DisponibiliteFactory
from tests.participation.factories import ParticipationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def plage():
    """Lundi 2 novembre 2026, de 9 h à 12 h à Paris."""
    ligne = DisponibiliteFactory(plage=True)
    ParticipationFactory(effecteur=ligne.lieu.effecteur)
    Participation.objects.update(cree_le=datetime(2026, 10, 30, tzinfo=UTC))
    return ligne


def occuper(ligne, de: int, a: int) -> None:
    """Heures de Paris, ce lundi."""
    PeriodeOccupee.objects.create(
        lieu=ligne.lieu,
        debut=datetime(2026, 11, 2, de - 1, tzinfo=UTC),
        fin=datetime(2026, 11, 2, a - 1, tzinfo=UTC),
    )


def montre(ligne) -> timedelta:
    effecteur = ligne.lieu.effecteur_id
    return semaines_des_effecteurs([effecteur], [LUNDI])[effecteur][0].montre


@pytest.mark.parametrize(
    ("de", "a", "heures"),
    [
        pytest.param(8, 10, 2, id="un bord"),
        pytest.param(10, 11, 2, id="le milieu"),
        pytest.param(8, 13, 0, id="tout"),
        pytest.param(12, 14, 3, id="à côté"),
    ],
)
def test_ce_qui_est_occupe_ne_compte_pas(plage, de, a, heures):
    occuper(plage, de, a)

    assert montre(plage) == timedelta(hours=heures)


def test_un_creneau_que_l_evenement_touche_ne_compte_pas_du_tout():
    creneau = DisponibiliteFactory()
    PeriodeOccupee.objects.create(
        lieu=creneau.lieu,
        debut=datetime(2026, 11, 2, 8, 15, tzinfo=UTC),
        fin=datetime(2026, 11, 2, 9, tzinfo=UTC),
    )

    assert montre(creneau) == timedelta()


def test_le_releve_de_la_semaine_garde_ce_qui_a_ete_montre(plage):
    occuper(plage, 8, 10)

    relever(datetime(2026, 11, 9, 12, tzinfo=UTC))

    assert ReleveHebdomadaire.objects.get(semaine=LUNDI).minutes == 120


def test_une_fermeture_et_un_evenement_qui_se_recouvrent_ne_retirent_qu_une_fois():
    regle = Disponibilite(
        premier_jour=LUNDI,
        heure_debut=time(9),
        heure_fin=time(12),
    ).regle("Europe/Paris")
    heure = [datetime(2026, 11, 2, h - 1, tzinfo=UTC) for h in range(9, 13)]
    agenda = AgendaDuLieu(
        [OuvertureDeclaree(regle, est_plage=True)],
        [Intervalle(heure[0], heure[2]), Intervalle(heure[1], heure[2])],
    )

    assert heures_visibles([agenda], semaine_de(date(2026, 11, 2), ZoneInfo("Europe/Paris"))) == timedelta(
        hours=1
    )
